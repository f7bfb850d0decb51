"""The figures of a run as texts, for the terminal, the web UI and the reports.

A figure is followed by its 95 % interval in brackets: ``28.3 (26.9-29.7)``. Start reading at ``key_figures``.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from locust_asyncdjango.analysis.definitions import (
    CAPACITY,
    DUE_LATENCY,
    ERRORS,
    GOODPUT,
    IN_FLIGHT,
    LOCUST_LATENCY,
    PEAK,
    PLATEAU_LATENCY,
    SATURATED,
    SLOWDOWN,
    SUCCESSES,
)
from locust_asyncdjango.analysis.request_names import RequestFigures
from locust_asyncdjango.analysis.saturation import (
    PEAK_WINDOW_S,
    Capacity,
    DueLatency,
    Goodput,
    Onset,
    Range,
    Saturation,
    failing_text,
)
from locust_asyncdjango.metrics.plural import counted


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure of a run: its name, its value as text, and what it means."""

    name: str
    text: str
    meaning: str

    @property
    def line(self) -> str:
        """Return name and text for a terminal, where all texts begin in the same column."""
        return f"{self.name:<28}{self.text}"


def key_figures(saturation: Saturation, locust_ms: Sequence[float] = ()) -> tuple[Figure, ...]:
    """Return the figures that every summary shows: capacity if it is known, goodput, slowdown, errors and the rest.

    Requests in flight at the end are a further figure, if there are some. So is latency from when requests were due, of
    an open model, with that of Locust's own table.

    locust_ms: p50, p95 and p99 of Locust's own table in milliseconds; empty if they are not known.
    """
    figures = [
        *_goodput_figures(saturation),
        Figure("slowdown starts", format_slowdown(saturation), SLOWDOWN.text),
        Figure("errors start", format_errors(saturation), ERRORS.text),
        Figure("successes", format_count(saturation.successes, saturation.successes_range), SUCCESSES.text),
        Figure("peak (biased upward)", _format_peak(saturation), PEAK.text),
    ]
    if saturation.capacity:
        figures.insert(0, Figure("capacity", format_capacity(saturation.capacity), CAPACITY.text))
    if saturation.in_flight:
        figures.append(Figure("in flight at the end", format_in_flight(saturation), IN_FLIGHT))
    if saturation.due_latency:
        figures += _due_figures(saturation.due_latency, locust_ms)
    return tuple(figures)


def _goodput_figures(saturation: Saturation) -> Iterator[Figure]:
    """Yield the goodput, and if there is one the latency at its load and whether the server was the limit."""
    goodput = saturation.goodput
    yield Figure("goodput", format_goodput(goodput) if goodput else "none", GOODPUT.text)
    if goodput is None:
        return
    latencies = zip(("p50", "p95", "p99"), (goodput.p50_ms, goodput.p95_ms, goodput.p99_ms), strict=True)
    known = ", ".join(f"{name} {format_ms(ms)}" for name, ms in latencies if ms is not None)
    yield Figure("latency at this load", known or "none", PLATEAU_LATENCY)
    yield Figure("saturated", _format_saturated(saturation), SATURATED)


def format_goodput(goodput: Goodput) -> str:
    """Return a goodput with its interval, its load and its seconds, and why it has no interval or no plateau."""
    has_interval = goodput.low is not None and goodput.high is not None
    interval = (goodput.low or 0.0, goodput.high or 0.0)
    rate = format_rate(goodput.per_s, interval) if has_interval else format_per_s(goodput.per_s)
    load = counted(goodput.users, "user") if goodput.due_per_s is None else f"{goodput.due_per_s:g} req/s due"
    text = f"{rate} req/s at {load}, from {goodput.begin_s} to {goodput.end_s} s"
    if goodput.failed_share:
        text += f", {100 * goodput.failed_share:.3g} % failed"
    if goodput.why:
        return f"{text}; no plateau: {goodput.why}"
    return text if has_interval else f"{text}; the plateau is too short for an interval"


def _format_saturated(saturation: Saturation) -> str:
    unloaded = "" if saturation.unloaded_ms is None else format_ms(saturation.unloaded_ms)
    if saturation.is_saturated is None:
        return "not known: no load was low enough to show the unloaded latency"
    if saturation.is_saturated:
        return f"yes: the unloaded latency is {unloaded}" if unloaded else "yes: requests failed at the highest loads"
    return f"no: latency stayed near the unloaded {unloaded}; the load was the limit"


def _due_figures(due: DueLatency, locust_ms: Sequence[float]) -> Iterator[Figure]:
    names = ("p50", "p95", "p99")
    bounds = zip(names, (due.p50_ms, due.p95_ms, due.p99_ms), strict=True)
    text = ", ".join(f"{name} {_format_bounds(*each)}" for name, each in bounds)
    cut_off = f"; the end cut off {due.cut_off} of {due.requests}" if due.cut_off else ""
    yield Figure("latency from when due", text + cut_off, DUE_LATENCY)
    known = ", ".join(f"{name} {format_ms(ms)}" for name, ms in zip(names, locust_ms, strict=False))
    yield Figure("latency in Locust's table", f"{known}: not corrected" if known else "not corrected", LOCUST_LATENCY)


def _format_bounds(low_ms: float, high_ms: float | None) -> str:
    """Return a percentile of which it may be known only that it is at least so long, or between two values."""
    low = format_ms(low_ms)
    if high_ms is None:
        return f"at least {low}"
    return low if (high := format_ms(high_ms)) == low else f"{low} to {high}"


def format_capacity(capacity: Capacity) -> str:
    """Return the highest load at which an objective holds, with its rate, the objective, and what broke it."""
    advice = _failing_advice(capacity)
    if not capacity.users:
        beyond = f"below {_format_load(capacity.high, capacity)}: {capacity.broken_by}"
        return f"{beyond}, not within {capacity.objective}{advice}"
    rate = "" if capacity.unit == "req/s" else f", {format_per_s(capacity.per_s)} req/s"
    if not capacity.is_reached:
        return f"at least {_format_load(capacity.users, capacity)}{rate}, within {capacity.objective}"
    load = _format_load(capacity.users, capacity, (capacity.low, capacity.high))
    return f"{load}{rate}, within {capacity.objective}; beyond it: {capacity.broken_by}{advice}"


def _failing_advice(capacity: Capacity) -> str:
    """Return what to do where names that fail at every load broke the objective; "" where they did not."""
    if capacity.users_without_failing is None:
        return ""
    load = _format_load(capacity.users_without_failing, capacity)
    return f"; without these failures the objective holds up to {load}: mend what fails, or leave it out of the tasks"


def _format_load(load: int, capacity: Capacity, interval: Range | None = None) -> str:
    text = format_count(load, interval or (load, load))
    return counted(text, "user") if capacity.unit == "users" else f"{text} {capacity.unit}"


def too_short_reason(saturation: Saturation) -> str:
    """Return why a run has no peak; "" for one that is long enough."""
    return "" if saturation.has_peak else f"the run took {saturation.length_s} s, and a peak needs {PEAK_WINDOW_S} s"


def _format_peak(saturation: Saturation) -> str:
    if not saturation.successes:
        return "none"
    if reason := too_short_reason(saturation):
        return f"none: {reason}"
    per_s = format_rate(saturation.peak_per_s, saturation.peak_range)
    return f"{per_s} req/s at {format_users(saturation.peak_users, saturation.peak_users_range)}"


def format_users(users: float, interval: Range) -> str:
    """Return a number of users with its interval and its noun."""
    return counted(format_count(users, interval), "user")


def format_in_flight(saturation: Saturation) -> str:
    """Return how many requests were in flight at the end of a run, and for how long the oldest of them was."""
    if not saturation.in_flight:
        return "none"
    return f"{saturation.in_flight}, the oldest for {saturation.in_flight_s:.1f} s"


def not_measured_reason(saturation: Saturation) -> str:
    """Return why a run measured nothing; "" for one in which a request succeeded or failed."""
    if saturation.is_measured:
        return ""
    in_flight = f"; in flight at the end: {format_in_flight(saturation)}" if saturation.in_flight else ""
    return f"no request was answered{in_flight}"


def not_measured_advice(saturation: Saturation) -> str:
    """Return what to do about a run that measured nothing; "" for one in which a request succeeded or failed."""
    if saturation.is_measured:
        return ""
    if saturation.in_flight:
        return "see whether the server answers a single request, and give the run more time (-t)"
    return "no request was sent to its end: see Locust's log for what users raise, such as all of them in on_start"


def format_slowdown(saturation: Saturation) -> str:
    """Return where latency began to rise with the users, or that it did not, and what may be wrong with that."""
    slowdown, drift = saturation.slowdown, saturation.drift
    if slowdown is None:
        with_time = f"; latency rose with time, not with the users: {format_onset(drift)}" if drift else ""
        return f"not seen{with_time}"
    doubt = f"; not confirmed: {slowdown.doubt}" if slowdown.doubt else ""
    if slowdown.is_queued_from_start:
        return f"already queued at {format_users(slowdown.users, (slowdown.low, slowdown.high))}{doubt}"
    return f"{format_onset(slowdown)}{doubt}"


def format_errors(saturation: Saturation) -> str:
    """Return where requests began to fail, or that they did not, or that they failed at any load."""
    failing = failing_text(saturation.always_failing) if saturation.always_failing else ""
    if saturation.errors:
        onset = format_onset(saturation.errors)
        return f"{onset}; not counted: {failing}" if failing else onset
    if failing or not saturation.failures:
        return failing or "none"
    requests = saturation.failed + saturation.successes
    failed = f"{saturation.failed} of {counted(requests, 'request')} failed"
    if saturation.fails_always:
        return f"at every load: {failed}, at the lowest loads as often as at higher ones"
    return f"no load is seen from which more requests fail: {failed}"


def failing_notes(saturation: Saturation) -> Iterator[str]:
    """Yield a sentence, without a full stop, about the names that fail at every load; nothing without such a name."""
    failing = saturation.always_failing
    if failing:
        yield f"{failing_text(failing)}, so that load did not break {'it' if len(failing) == 1 else 'them'}"


def format_onset_users(onset: Onset | None, default: str = "-") -> str:
    """Return the users at which something began, with their interval, for a cell of a table; ``default`` for None."""
    if onset is None:
        return default
    users = format_count(onset.users, (onset.low, onset.high))
    start, doubt = ", from the start" if onset.is_queued_from_start else "", ", not confirmed" if onset.doubt else ""
    return f"{users}{start}{doubt}"


def format_onset(onset: Onset | None, default: str = "") -> str:
    """Return at how many users and after how many seconds something began; ``default`` for None."""
    if onset is None:
        return default
    return f"at {format_users(onset.users, (onset.low, onset.high))}, after {onset.t} s"


def format_kind(row: Mapping[str, Any]) -> str:
    """Return the failure kind and whose limit it is, from a row of the failures file."""
    return f"{row['kind']} ({row['where']})" if row["where"] else str(row["kind"])


def format_first_failure(row: Mapping[str, Any]) -> str:
    """Return when the first failure ended, from a row of the failures file."""
    return f"after {row['first_t']} s, at {counted(row['first_users'], 'user')}"


def missing_requests(unrecorded: int, refused_updates: int) -> list[str]:
    """Return a sentence, without a full stop, for each reason why requests of a run are missing from its results.

    unrecorded: requests that could not be recorded. refused_updates: messages of workers that were no updates.
    """
    sentences = [f"{counted(unrecorded, 'request')} could not be recorded"] if unrecorded else []
    if refused_updates:
        sentences.append(
            f"{counted(refused_updates, 'message')} of workers could not be read, and what they had is missing"
        )
    return sentences


def request_cells(figures: RequestFigures) -> tuple[str, ...]:
    """Return number, share of failures, p50, p95 and p99 of the requests with one name, as cells of a table."""
    latencies = (figures.p50_ms, figures.p95_ms, figures.p99_ms)
    failed = format_share(figures.failed_share)
    return str(figures.requests), failed, *("-" if ms is None else format_ms(ms) for ms in latencies)


def format_share(share: float) -> str:
    """Return a share from 0 to 1 in per cent: 0 and 100 only where it is nothing or all."""
    if share in (0, 1):
        return f"{share:.0%}"
    return f"{min(max(100 * share, 0.1), 99.9):.1f}%"


def format_duration(seconds: float) -> str:
    """Return a duration in hours and minutes, rounded up to a whole minute."""
    minutes = ceil(seconds / 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"


def format_rate(value: float, interval: Range) -> str:
    """Return requests a second with their interval, all with as many decimals as the value has."""
    return _in_brackets(*(format_per_s(number, value) for number in (value, *interval)))


def format_per_s(value: float, reference: float | None = None) -> str:
    """Return a rate with one decimal if it is below 100, or without decimals.

    reference: the rate that decides about the decimal instead, so that a rate and its interval look alike.
    """
    return f"{value:.{1 if (value if reference is None else reference) < 100 else 0}f}"


def format_ms(value: float) -> str:
    """Return a latency with its unit, with three significant digits or whole milliseconds."""
    return f"{value:,.0f} ms" if value >= 1000 else f"{value:.3g} ms"


def format_count(value: float, interval: Range) -> str:
    """Return a whole number with its interval."""
    return _in_brackets(f"{value:.0f}", *(f"{end:.0f}" for end in interval))


def _in_brackets(value: str, low: str, high: str) -> str:
    return value if low == high == value else f"{value} ({low}-{high})"
