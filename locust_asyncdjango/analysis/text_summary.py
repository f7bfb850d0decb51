"""A run's outcome as text, for the end of a Locust run. At most 80 columns wide."""

from collections.abc import Iterator
from textwrap import wrap

from locust_asyncdjango.analysis.formatting import format_onset, key_figures
from locust_asyncdjango.analysis.outcome import Outcome
from locust_asyncdjango.analysis.saturation import KindOnset
from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.failures.counts import FailureRow

WIDTH = 80
MESSAGES_SHOWN = 2
"""Of each kind, the most frequent ones."""


def summary_text(outcome: Outcome) -> str:
    """A block of lines to print."""
    lines = [
        "locust-asyncdjango: where this run saturated (95 % intervals)",
        *(f"  {number.line}" for number in key_figures(outcome.figures)),
    ]
    for kind in outcome.figures.failures:
        lines += _of_kind(kind, [row for row in outcome.failures if row.kind == kind.kind])
    lines += [f"  {told}" for told in outcome.found]
    lines += [f"  NOT HELD {told}" for told in outcome.health_problems]
    if outcome.stopped_by:
        lines.append(f"  stopped by {outcome.stopped_by.text}")
    lines += [f"  FAILED {crossing.text}" for crossing in outcome.crossed]
    if outcome.unrecorded:
        lines.append(f"  {outcome.unrecorded} requests could not be recorded; the log says why of the first")
    return "\n".join(line for text in lines for line in _wrapped(text))


def _wrapped(text: str) -> list[str]:
    indent = " " * (len(text) - len(text.lstrip()) + 3)
    return wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False) or [text]


def _of_kind(kind: KindOnset, rows: list[FailureRow]) -> Iterator[str]:
    yield f"  {kind.count} x {kind.kind}, first {format_onset(kind.first)}"
    for row in rows[:MESSAGES_SHOWN]:
        # The kind's name says as much as a row for all other messages.
        text = f"      {row.count} x {row.message}"
        yield text if len(text) <= WIDTH else f"{text[: WIDTH - 3]}..."
    if others := len(rows[MESSAGES_SHOWN:]):
        yield f"      and {others} other message{'s' if others > 1 else ''}"
    for told in dict.fromkeys(filter(None, [row.advice for row in rows[:MESSAGES_SHOWN]] or [advice(kind.kind)])):
        yield f"      -> {told}"
