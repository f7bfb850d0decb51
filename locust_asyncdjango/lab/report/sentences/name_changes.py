"""What changed for the requests with each name, in words and as a table."""

from collections.abc import Sequence

from locust_asyncdjango.analysis.formatting import format_ms, format_share
from locust_asyncdjango.lab.analysis.changes.name_changes import LARGE_RATIO, LARGE_SHARE, Metric, NameChange
from locust_asyncdjango.lab.report.sentences.winner import NO_DIFFERENCE
from locust_asyncdjango.lab.report.table import Table

MOST_SENTENCES = 6
"""How many changes are said in sentences: the largest ones. The table has more."""
MOST_ROWS = 60
"""How many rows the table has: all that differ come before the others. The report as JSON has all."""
LARGEST_SHOWN = 999
"""The largest number that is shown of an interval: a larger one only says that there were too few runs."""
EXPLANATION = (
    "The latency and the failures of the requests with each name, over whole runs, where there were enough of them."
    " With repeats, the change has an interval by Student's t, and all rows share the 5 % of errors by Holm's method."
    f" Without repeats, a p95 counts as different in these runs if it is {LARGE_RATIO:g} times as long or as short, and"
    f" failures if {LARGE_SHARE:.0%} more or fewer of the requests fail. A slower machine is not taken off. None of"
    " this changes the exit code."
)


def name_sentences(changes: Sequence[NameChange]) -> list[str]:
    """Return which names have another p95 or other failures, the largest changes first, and how many there are."""
    different = [change for change in changes if change.is_different]
    sentences = [f"{change.arm}, {change.name}: {_text(change)}" for change in different[:MOST_SENTENCES]]
    return [*sentences, *_count_sentences(changes, different)]


def names_table(changes: Sequence[NameChange]) -> Table:
    """Return the table of the changes by name, those that differ first."""
    headers = ("arm", "name", "figure", "before", "after", "change", "result")
    rows = tuple(
        (
            *(change.arm, change.name, change.metric.value),
            *(_value_text(change, value) for value in (change.before, change.after)),
            *(_change_text(change), _result_text(change)),
        )
        for change in changes[:MOST_ROWS]
    )
    return Table("Requests by name", EXPLANATION, headers, rows)


def _count_sentences(changes: Sequence[NameChange], different: Sequence[NameChange]) -> list[str]:
    if not changes:
        return []
    counts = []
    for metric, what in ((Metric.P95, "another p95"), (Metric.FAILURES, "other failures")):
        if total := sum(each.metric is metric for each in changes):
            counts.append(f"{what} in {sum(each.metric is metric for each in different)} of {total}")
    doubt = "" if all(each.is_repeated for each in changes) else "; this is not certain where each side ran once"
    return [f"requests by name, as measured: {', '.join(counts)}{doubt}"]


def _text(change: NameChange) -> str:
    before, after = (_value_text(change, value) for value in (change.before, change.after))
    if change.metric is Metric.P95:
        figures = f"p95 {after} against {before}"
        return f"{figures}, {_change_text(change)} as long" if change.is_repeated else f"{figures} in these runs"
    figures = f"{after} of the requests fail against {before}"
    return f"{figures}, {_change_text(change)}" if change.is_repeated else f"{figures} in these runs"


def _value_text(change: NameChange, value: float) -> str:
    return format_ms(value) if change.metric is Metric.P95 else format_share(value)


def _change_text(change: NameChange) -> str:
    scale, digits, unit = (1, 2, "times") if change.metric is Metric.P95 else (100, 1, "percentage points")
    sign = "" if change.metric is Metric.P95 else "+"
    value, low, high = (
        None if number is None else f"{min(scale * number, LARGEST_SHOWN):{sign}.{digits}f}"
        for number in (change.change, change.low, change.high)
    )
    return f"{value} {unit}" if low is None else f"{value} ({low} to {high}) {unit}"


def _result_text(change: NameChange) -> str:
    if not change.is_different:
        return NO_DIFFERENCE
    return "different" if change.is_repeated else "different in these runs"
