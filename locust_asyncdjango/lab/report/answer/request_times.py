"""Where the time of a request goes on each arm, and what blocks event loops, as the probe has measured it.

Start reading at ``arm_times`` and ``request_times_table``.
"""

from collections.abc import Iterator, Sequence

from locust_asyncdjango.analysis.formatting import format_ms
from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.probe_figures import LoopBlock, RequestTimes, add_up, mean_times
from locust_asyncdjango.lab.report.table import Table
from locust_asyncdjango.metrics.plural import counted

MIN_TIMES = 10
"""A line is named if it has blocked an event loop so often. On a busy machine, single requests are late by chance."""
BLOCKS_NAMED = 3
"""How many lines that block an event loop are named for an arm: the worst ones."""
EXPLANATION = (
    "Means of a request, measured inside the server. Queued: from the load generator to the project's code. Code: in"
    " the project's code and Django's, without waiting for the database or for other servers. Queries that run in"
    " parallel are added up. Hops: calls into threads, which sync code on ASGI needs."
)
HEADERS = (
    *("route", "arm", "request", "requests", "queued", "code", "queries", "connecting", "waiting for the pool"),
    *("other servers", "hops"),
)


def arm_times(runs: ArmRuns) -> RequestTimes | None:
    """Return where the time of all requests of an arm went, in all its runs; None where the probe did not run."""
    return mean_times("all", [each for result in runs.results if result.probe for each in result.probe.requests])


def times_text(times: RequestTimes) -> str:
    """Return where the time of a request went, in short: "queued 120 ms, code 5.1 ms, database 9 ms (2 queries)"."""
    queued = [f"queued {format_ms(times.queued_ms)}"] if times.queued_ms is not None else []
    database = f"database {format_ms(times.database_ms)} ({_number(times.queries, 'query', 'queries')})"
    others = [f"other servers {format_ms(times.http_ms)}"] if times.http_calls else []
    parts = [*queued, f"code {format_ms(times.code_ms)}", *([database] if times.queries else []), *others]
    return ", ".join(parts)


def request_times_table(findings: Findings) -> Table:
    """Return the table of where the time of each name of requests went on each arm."""
    rows = tuple(
        (runs.trial.subject, runs.trial.arm, *_cells(times)) for runs in findings.runs for times in _times_by_name(runs)
    )
    return Table("Where a request's time goes", EXPLANATION, HEADERS, rows)


def block_sentences(arms: Sequence[ArmRuns]) -> Iterator[str]:
    """Yield for each arm which lines of the project blocked its event loop, in a sentence without a full stop."""
    for runs in arms:
        blocks = add_up(each for result in runs.results if result.probe for each in result.probe.blocks)
        worst = [block for block in blocks if block.times >= MIN_TIMES][:BLOCKS_NAMED]
        if worst:
            yield f"On {runs.trial.arm} the event loop was blocked by {', '.join(map(_block_text, worst))}"


def _times_by_name(runs: ArmRuns) -> list[RequestTimes]:
    by_name: dict[str, list[RequestTimes]] = {}
    for each in (each for result in runs.results if result.probe for each in result.probe.requests):
        by_name.setdefault(each.name, []).append(each)
    return [times for name, parts in by_name.items() if (times := mean_times(name, parts))]


def _cells(times: RequestTimes) -> tuple[str, ...]:
    return (
        times.name,
        str(times.requests),
        format_ms(times.queued_ms) if times.queued_ms is not None else "-",
        format_ms(times.code_ms),
        f"{format_ms(times.query_ms)} ({_number(times.queries, 'query', 'queries')})" if times.queries else "-",
        f"{format_ms(times.connect_ms)} ({_figure(times.connects)} a request)" if times.connects else "-",
        format_ms(times.pool_wait_ms) if times.pool_wait_ms else "-",
        f"{format_ms(times.http_ms)} ({_number(times.http_calls, 'call', 'calls')})" if times.http_calls else "-",
        _figure(times.hops) if times.hops else "-",
    )


def _number(number: float, one: str, several: str) -> str:
    return f"{_figure(number)} {one if number == 1 else several}"


def _figure(number: float) -> str:
    """Return a number with three digits, or all of those before the point."""
    return f"{number:.3g}" if number < 999.5 else f"{number:.0f}"


def _block_text(block: LoopBlock) -> str:
    longest = f"{format_ms(block.most_ms)}"
    return f"{block.file}:{block.line} ({block.function}), {counted(block.times, 'time')}, up to {longest}"
