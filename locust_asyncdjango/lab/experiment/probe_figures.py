"""Where the time of requests went, as the probe has measured it inside the server's processes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class RequestTimes:
    """The requests of one name.

    name: in the load generator. view: the dotted name of the view; "" for requests that reached none.
    is_async: whether the view is async. requests, failed: how many ended, and how many of them failed.

    All times are means of a request, in milliseconds. queued_ms: from the generator to the server's code; None where
    the generator did not say when it sent them. view_ms: in the project's code, with all that it waits for.
    query_ms: in queries and commits; of parallel queries the sum. connect_ms, pool_wait_ms: for connections to the
    database. http_ms: in calls to other servers.
    queries, connects, http_calls: how many of them a request makes. hops: its calls into threads, on ASGI.
    failures: how many requests failed, by exceptions or status.
    """

    name: str
    view: str
    is_async: bool
    requests: int
    failed: int
    queued_ms: float | None
    view_ms: float
    query_ms: float
    connect_ms: float
    pool_wait_ms: float
    http_ms: float
    queries: float
    connects: float
    http_calls: float
    hops: float
    failures: dict[str, int] = field(default_factory=dict)

    @property
    def database_ms(self) -> float:
        """What a request spent on the database: waiting for connections, and in queries."""
        return self.query_ms + self.connect_ms + self.pool_wait_ms

    @property
    def code_ms(self) -> float:
        """What a request spent in the project's code, without what it waited for. Calls that overlap count once."""
        return max(self.view_ms - self.database_ms - self.http_ms, 0.0)


MEANS = ("view_ms", "query_ms", "connect_ms", "pool_wait_ms", "http_ms", "queries", "connects", "http_calls", "hops")
"""The members of RequestTimes that are means of a request."""


def mean_times(name: str, parts: Sequence[RequestTimes]) -> RequestTimes | None:
    """Return the times of all requests of several names or runs together, under a name; None without a request."""
    requests = sum(part.requests for part in parts)
    if not requests:
        return None
    queued = [part for part in parts if part.queued_ms is not None]
    queued_requests = sum(part.requests for part in queued)
    failures: Counter[str] = Counter()
    for part in parts:
        failures.update(part.failures)
    views = {part.view for part in parts}
    return RequestTimes(
        name=name,
        view=views.pop() if len(views) == 1 else "",
        is_async=any(part.is_async for part in parts),
        requests=requests,
        failed=sum(part.failed for part in parts),
        queued_ms=(
            sum((part.queued_ms or 0.0) * part.requests for part in queued) / queued_requests
            if queued_requests
            else None
        ),
        **{mean: sum(getattr(part, mean) * part.requests for part in parts) / requests for mean in MEANS},
        failures=dict(failures.most_common()),
    )


@dataclass(frozen=True, slots=True)
class LoopBlock:
    """A line of the project that blocked the event loop. total_ms, most_ms: all its blocks, and the longest one."""

    file: str
    line: int
    function: str
    times: int = 0
    total_ms: float = 0.0
    most_ms: float = 0.0

    def with_more(self, times: int, total_ms: float, most_ms: float) -> Self:
        """Return the block with further ones of the same line."""
        return replace(
            self,
            times=self.times + times,
            total_ms=round(self.total_ms + total_ms, 1),
            most_ms=max(self.most_ms, most_ms),
        )


def add_up(blocks: Iterable[LoopBlock]) -> list[LoopBlock]:
    """Return the blocks of several processes or runs with one for each line, the longest in all first."""
    by_place: dict[tuple[str, int, str], LoopBlock] = {}
    for block in blocks:
        place = (block.file, block.line, block.function)
        before = by_place.get(place, LoopBlock(*place))
        by_place[place] = before.with_more(block.times, block.total_ms, block.most_ms)
    return sorted(by_place.values(), key=lambda block: -block.total_ms)


@dataclass(frozen=True, slots=True)
class ProbeFigures:
    """What all processes of a server have measured during a load.

    processes: how many have answered, of ``workers``. requests: by name, the most frequent first.
    most_in_flight: the most requests at once, the sum of the processes.
    lag_most_ms: how late an event loop was at most; None without one. blocks: what blocked it, the longest first.
    """

    processes: int
    workers: int
    requests: tuple[RequestTimes, ...] = ()
    most_in_flight: int = 0
    lag_most_ms: float | None = None
    blocks: tuple[LoopBlock, ...] = ()
