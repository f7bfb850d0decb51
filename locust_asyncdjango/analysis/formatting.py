"""The figures of a run in words, for terminal, web UI and reports. Behind a number its interval: 28.3 (26.9-29.7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil
from typing import Any

from locust_asyncdjango.analysis.saturation import Onset, Range, Saturation


@dataclass(frozen=True, slots=True)
class Figure:
    """One of the figures: its name, what it is in this run, and what it means."""

    name: str
    text: str
    meaning: str

    @property
    def line(self) -> str:
        """For a terminal: all texts begin in the same column."""
        return f"{self.name:<28}{self.text}"


MEANINGS = {
    "peak of successful requests": "the most successful requests a second over any ten consecutive seconds, and the"
    " users at their end; in brackets what the noise of these seconds leaves open, and wherever as much was reached",
    "successes": "how many requests succeeded; in brackets what another run that is alike may have",
    "slowdown starts": "the users from which latency rises, if its median comes to stay above one and a half times that"
    " of the first five seconds; in brackets where it may begin",
    "errors start": "the users when the first request began that failed; in brackets the fewest and the most it may be",
}


def key_figures(figures: Saturation) -> tuple[Figure, ...]:
    """The four numbers."""
    peak = f"{format_rate(figures.peak_per_s, figures.peak_range)} req/s at "
    peak += f"{format_count(figures.peak_users, figures.peak_users_range)} users"
    texts = (
        peak if figures.successes else "none",
        format_count(figures.successes, figures.successes_range),
        format_onset(figures.slowdown, "not seen"),
        format_onset(figures.errors, "none"),
    )
    return tuple(Figure(name, text, MEANINGS[name]) for name, text in zip(MEANINGS, texts, strict=True))


def format_onset(of: Onset | None, otherwise: str = "") -> str:
    """When something began."""
    return f"at {format_count(of.users, (of.low, of.high))} users, after {of.t} s" if of else otherwise


def format_kind(row: Mapping[str, Any]) -> str:
    """Of a row of ``outcome.failures_told``: the kind, and whose limit it is."""
    return f"{row['kind']} ({row['where']})" if row["where"] else str(row["kind"])


def format_first_failure(row: Mapping[str, Any]) -> str:
    """Of such a row: when its first failure ended."""
    return f"after {row['first_t']} s, at {row['first_users']} users"


def format_duration(seconds: float) -> str:
    """In minutes that are enough."""
    minutes = ceil(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def format_rate(value: float, interval: Range) -> str:
    """Requests a second."""
    return _in_brackets(*(format_per_s(number, value) for number in (value, *interval)))


def format_per_s(value: float, of: float | None = None) -> str:
    """A rate with one decimal, if it, or the one it belongs to, is small enough for it to matter."""
    return f"{value:.{1 if (value if of is None else of) < 100 else 0}f}"


def format_ms(value: float) -> str:
    """A latency."""
    return f"{value:,.0f} ms" if value >= 1000 else f"{value:.3g} ms"


def format_count(value: float, interval: Range) -> str:
    """A whole number."""
    return _in_brackets(f"{value:.0f}", *(f"{end:.0f}" for end in interval))


def _in_brackets(value: str, low: str, high: str) -> str:
    return value if low == high == value else f"{value} ({low}-{high})"
