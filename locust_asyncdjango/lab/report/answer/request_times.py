"""Where the time of a request goes on each arm, and what blocks event loops, as the probe has measured it.

Start reading at ``arm_times`` and ``request_times_table``.
"""

from collections.abc import Iterator, Sequence

from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.probe_figures import LoopBlock, RequestTimes, add_up, mean_times
from locust_asyncdjango.lab.report.answer.texts import NONE, duration_text
from locust_asyncdjango.lab.report.table import Table
from locust_asyncdjango.metrics.plural import counted

MIN_TIMES = 10
"""A line is named if it has blocked an event loop so often. On a busy machine, single requests are late by chance."""
BLOCKS_NAMED = 3
"""How many lines that block an event loop are named for an arm: the worst ones."""
EXPLANATION = (
    "Means of a request, measured inside the server. Queued: from the load generator to the project's code. Code: in"
    " the project's code and Django's, without waiting for the database or for other servers. Queries that run in"
    " parallel are added up. Connects: new connections to the database. Pool: the wait for one of Django's pool. HTTP:"
    " calls to other servers. Hops: calls into threads, which sync code on ASGI needs."
)
HEADERS = (
    *("request", "arm", "requests", "queued ms", "code ms", "queries", "query ms", "connects", "connect ms"),
    *("pool ms", "HTTP calls", "HTTP ms", "hops"),
)


def arm_times(runs: ArmRuns) -> RequestTimes | None:
    """Return where the time of all requests of an arm went, in all its runs; None where the probe did not run."""
    return mean_times("all", [each for result in runs.results if result.probe for each in result.probe.requests])


def times_text(times: RequestTimes) -> str:
    """Return where the time of a request went: "queued 120 ms, in the code 15 ms, in the database 9 ms (2 queries)"."""
    queries = f"{_number(times.queries, 2)} {'query' if times.queries == 1 else 'queries'}"
    parts = (
        f"queued {duration_text(times.queued_ms)}" if times.queued_ms is not None else "",
        f"in the code {duration_text(times.code_ms)}",
        f"in the database {duration_text(times.database_ms)} ({queries})" if times.queries or times.connects else "",
        f"at other servers {duration_text(times.http_ms)}" if times.http_calls else "",
    )
    return ", ".join(filter(None, parts))


def request_times_table(findings: Findings) -> Table:
    """Return the table of where the time of each name of requests went on each arm, without columns of nothing."""
    rows = [(times.name, runs.title, *_cells(times)) for runs in findings.runs for times in _times_by_name(runs)]
    kept = [column for column in range(len(HEADERS)) if any(row[column] != NONE for row in rows)]
    return Table(
        "Where a request's time goes",
        EXPLANATION,
        tuple(HEADERS[column] for column in kept),
        tuple(tuple(row[column] for column in kept) for row in rows),
    )


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
    """Return the cells of a row below HEADERS, from the number of requests on."""
    counts_and_ms = (
        *(times.queries, times.query_ms, times.connects, times.connect_ms),
        *(times.pool_wait_ms, times.http_calls, times.http_ms, times.hops),
    )
    return (
        str(times.requests),
        NONE if times.queued_ms is None else _number(times.queued_ms),
        _number(times.code_ms),
        *(_number(each) if each else NONE for each in counts_and_ms),
    )


def _number(number: float, digits: int = 3) -> str:
    """Return a number with so many digits, or all of those before the point."""
    return f"{number:.{digits}g}" if number < 10**digits - 0.5 else f"{number:.0f}"


def _block_text(block: LoopBlock) -> str:
    times = counted(block.times, "time")
    return f"{block.file}:{block.line} ({block.function}), {times}, up to {duration_text(block.most_ms)}"
