"""The record of one request, which the hooks in Django fill.

The context variable CURRENT leads from Django's code to the record, in the threads and tasks too that a request
starts: asyncio and asgiref copy the context, and the copies lead to the same record.
"""

from contextvars import ContextVar
from typing import Any

LONGEST_QUEUE_S = 86400.0
"""A request that seems to have waited for longer was sent by a machine with another clock."""


class RequestRecord:
    """What is known of one request.

    name: of the request in the generator; "" where it sends none. method: such as GET.
    queued_s: seconds between the generator's sending and the application; None where the generator does not say when.
    view_s: seconds in the application, up to the last ``pause``.
    begin_s: since when the application works on it, by time.perf_counter; None while it does not.
    match: Django's ResolverMatch, once there is one.
    status: of the response; 0 before there is one.
    failure: the value of the failure header; "" where no exception was raised.
    details: the value of the header of details; "" where no exception was raised, or nobody asked.
    is_broken: whether it failed after the response had begun. is_disconnected: whether the client went away before.
    has_ended: whether it is counted already.
    events: a pair of a kind (a name in ``sums.COUNTED``) and its seconds for each thing that the request waited for.
        Appending is atomic, so that the threads of a request need no lock.
    hops: for each call into a thread, what was called.
    """

    __slots__ = (
        "begin_s",
        "details",
        "events",
        "failure",
        "has_ended",
        "hops",
        "is_broken",
        "is_disconnected",
        "match",
        "method",
        "name",
        "queued_s",
        "status",
        "view_s",
    )

    def __init__(self, name: str, method: str, queued_s: float | None, begin_s: float) -> None:
        self.name = name
        self.method = method
        self.queued_s = queued_s
        self.begin_s: float | None = begin_s
        self.match: Any = None
        self.status = 0
        self.failure = ""
        self.details = ""
        self.events: list[tuple[str, float]] = []
        self.hops: list[str] = []
        self.view_s = 0.0
        self.is_broken = False
        self.is_disconnected = False
        self.has_ended = False

    def pause(self, now_s: float) -> None:
        """Stop its clock: the server sends a part of the response. now_s: time.perf_counter()."""
        if self.begin_s is not None:
            self.view_s += now_s - self.begin_s
            self.begin_s = None

    def resume(self, now_s: float) -> None:
        """Start its clock again: the application makes the next part of the response."""
        self.begin_s = now_s


CURRENT: ContextVar[RequestRecord | None] = ContextVar("locust_asyncdjango_request", default=None)
"""The record of the request that this code works for; None outside of a recorded request."""


def queue_time_s(sent: str, now_s: float) -> float | None:
    """Return how long a request has waited before the application; None where its header does not say so.

    sent: the value of the generator's header. now_s: seconds since the epoch.
    """
    try:
        waited_s = now_s - float(sent)
    except ValueError:
        return None
    # The clocks of two processes differ by microseconds. The comparison is false for what is not a number.
    return max(waited_s, 0.0) if abs(waited_s) < LONGEST_QUEUE_S else None
