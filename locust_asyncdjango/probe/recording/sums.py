"""The sums of all requests of one name."""

from typing import Any

from .record import RequestRecord

FAILURES_LIMIT = 100
"""How many different failures, and how many different calls into threads, are counted for one name."""
OTHER = "other"
"""What stands for all further ones."""
COUNTED = {
    "query": ("queries", "query_s"),
    "connect": ("connects", "connect_s"),
    "pool_wait": ("pool_waits", "pool_wait_s"),
    "commit": ("commits", "commit_s"),
    "http": ("http_calls", "http_s"),
}
"""A kind of event -> the names of its number and of its seconds in the figures."""


class Sums:
    """The sums of the requests of one name."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._match: Any = None
        self._numbers = {"requests": 0, "failed": 0, "disconnected": 0, "queued": 0, "hops": 0}
        self._seconds = {"queued_s": 0.0, "view_s": 0.0}
        self._events = {kind: [0, 0.0] for kind in COUNTED}
        self._failures: dict[str, int] = {}
        self._hops: dict[str, int] = {}

    def add(self, record: RequestRecord) -> None:
        """Add a request that has ended."""
        numbers = self._numbers
        numbers["requests"] += 1
        self._match = record.match or self._match
        self._seconds["view_s"] += record.view_s
        if record.queued_s is not None:
            numbers["queued"] += 1
            self._seconds["queued_s"] += record.queued_s
        if record.is_disconnected:
            numbers["disconnected"] += 1
        elif record.status >= 400 or not record.status or record.is_broken:
            numbers["failed"] += 1
            _count(self._failures, _failure_name(record))
        self.add_events(record.events, record.hops)

    def add_events(self, events: list[tuple[str, float]], hops: list[str]) -> None:
        """Add what a request waited for, and its calls into threads."""
        for kind, seconds in events:
            total = self._events[kind]
            total[0] += 1
            total[1] += seconds
        self._numbers["hops"] += len(hops)
        for hop in hops:
            _count(self._hops, hop)

    def as_json(self) -> dict[str, Any]:
        """Return the sums as the figures show them. Seconds are floats."""
        events: dict[str, Any] = {}
        for kind, (number, seconds) in COUNTED.items():
            events |= {number: self._events[kind][0], seconds: round(self._events[kind][1], 6)}
        return {
            "name": self._name,
            **describe_view(self._match),
            **self._numbers,
            **{name: round(seconds, 6) for name, seconds in self._seconds.items()},
            **events,
            "failures": dict(self._failures),
            "hop_names": dict(self._hops),
        }


def describe_view(match: Any) -> dict[str, Any]:
    """Return the route, the dotted name of the view and whether it is async; empty for a request without a view."""
    if match is None:
        return {"route": "", "view": "", "is_async": False}
    # As Django itself decides on it, which knows the marks of decorators and of class-based views.
    from asgiref.sync import iscoroutinefunction

    view = getattr(match, "_func_path", "") or getattr(match.func, "__qualname__", "")
    return {"route": str(match.route or ""), "view": str(view), "is_async": iscoroutinefunction(match.func)}


def _failure_name(record: RequestRecord) -> str:
    """Return the names of the exceptions and the SQLSTATE, without what differs from failure to failure."""
    names = record.failure.partition(";library=")[0].partition(";text=")[0]
    return names or (f"HTTP {record.status}" if record.status else "no response")


def _count(counts: dict[str, int], name: str) -> None:
    if name not in counts and len(counts) >= FAILURES_LIMIT:
        name = OTHER
    counts[name] = counts.get(name, 0) + 1
