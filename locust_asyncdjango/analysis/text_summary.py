"""The outcome of a run as text, which Locust prints at the end."""

from collections.abc import Iterator, Sequence

from locust_asyncdjango.analysis.formatting import (
    format_onset,
    key_figures,
    missing_requests,
    not_measured_advice,
    not_measured_reason,
    request_cells,
)
from locust_asyncdjango.analysis.outcome import Outcome
from locust_asyncdjango.analysis.request_names import RequestFigures
from locust_asyncdjango.analysis.saturation import KindOnset
from locust_asyncdjango.analysis.terminal_text import WIDTH, shortened, wrapped
from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.failures.counts import FailureRow
from locust_asyncdjango.metrics.plural import counted

MESSAGES_SHOWN = 2
"""How many messages of each failure kind the summary shows: the most frequent ones."""

NAMES_SHOWN = 10
"""How many names of requests the summary shows: the worst ones."""

LEAST_NAME_WIDTH = 16
"""Where fewer columns are left for the names, there is no table."""

_REQUEST_ROW = "{:>8} {:>7} {:>9} {:>9} {:>9}"


def summary_text(outcome: Outcome, width: int = WIDTH) -> str:
    """Return the summary as a block of lines, which are wrapped to the width between words."""
    lines = [
        "locust-asyncdjango: where this run saturated (95 % intervals)",
        *(f"  NOT MEASURED {reason}" for reason in filter(None, [not_measured_reason(outcome.figures)])),
        *(f"      -> {hint}" for hint in filter(None, [not_measured_advice(outcome.figures)])),
        *(f"  {figure.line}" for figure in key_figures(outcome.figures, outcome.locust_ms)),
    ]
    for kind in outcome.figures.failures:
        lines += _kind_lines(kind, [row for row in outcome.failures if row.kind == kind.kind])
    lines += _request_lines(outcome.requests, width)
    lines += [f"  {conclusion}" for conclusion in outcome.shape_conclusions]
    lines += [f"  {silence.text}" for silence in outcome.silences]
    lines += [f"  GENERATOR PROBLEM {problem}" for problem in outcome.health_problems]
    if outcome.stopped_by:
        lines.append(f"  stopped by {outcome.stopped_by.text}")
    lines += [f"  FAILED {crossing.text}" for crossing in outcome.failed_thresholds]
    missing = missing_requests(outcome.unrecorded, outcome.refused_updates)
    lines += [f"  {sentence}; the log says why of the first" for sentence in missing]
    return "\n".join(line for text in lines for line in wrapped(text, width, _indent(text)))


def _request_lines(requests: Sequence[RequestFigures], width: int) -> Iterator[str]:
    """Yield a table of the worst names, or on a narrow terminal a sentence for each of them."""
    shown = requests[:NAMES_SHOWN]
    name_width = width - 2 - len(_REQUEST_ROW.format("", "", "", "", ""))
    if name_width < LEAST_NAME_WIDTH:
        for each in shown:
            requested, failed, *latencies = request_cells(each)
            yield f"  {each.name}: {requested} requests, {failed} failed, p50, p95, p99 {', '.join(latencies)}"
    elif shown:
        yield f"  {'requests by name':<{name_width}}" + _REQUEST_ROW.format("number", "failed", "p50", "p95", "p99")
        for each in shown:
            name = each.name if len(each.name) < name_width else f"{each.name[: name_width - 4]}..."
            yield f"  {name:<{name_width}}" + _REQUEST_ROW.format(*request_cells(each))
    if more := len(requests) - len(shown):
        yield f"  and {counted(more, 'other name')}; the report lists all of them (--report)"


def _indent(text: str) -> str:
    return " " * (len(text) - len(text.lstrip()) + 3)


def _kind_lines(kind: KindOnset, rows: list[FailureRow]) -> Iterator[str]:
    yield f"  {kind.count} x {kind.kind}, first {format_onset(kind.first)}"
    shown = rows[:MESSAGES_SHOWN]
    for row in shown:
        yield shortened(f"      {row.count} x {row.message}", WIDTH)
    if others := len(rows[MESSAGES_SHOWN:]):
        yield f"      and {counted(others, 'other message')}"
    for action in dict.fromkeys(filter(None, [row.advice for row in shown] or [advice(kind.kind)])):
        yield f"      -> {action}"
