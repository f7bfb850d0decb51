"""The figures of this process: requests in flight, and the sums of requests by name. Thread-safe."""

import os
import threading
import time
from typing import Any

from .record import RequestRecord, queue_time_s
from .sums import OTHER, Sums

NAMES_LIMIT = 500
"""How many names of requests are kept apart."""
NAME_LIMIT = 200
"""How many characters of a name are kept."""
SECONDS_LIMIT = 7200
"""For how many seconds of a run the most requests in flight are kept."""


class Ledger:
    """Count the requests of one process from their begin to their end.

    No lock is kept while code waits, so that gevent's greenlets and asyncio's tasks never block each other here.
    """

    def __init__(self) -> None:
        self._start()
        # A server that loads the application before it forks gives each worker a copy.
        os.register_at_fork(after_in_child=self._start)

    def _start(self) -> None:
        self._lock = threading.Lock()
        self._in_flight = 0
        self.reset()

    def reset(self) -> None:
        """Forget all requests that have ended. Those in flight stay in flight."""
        with self._lock:
            self._since_s = time.time()
            self._most = self._in_flight
            self._per_second: dict[int, int] = {}
            self._sums: dict[str, Sums] = {}

    def begin(self, name: str, method: str, sent: str) -> RequestRecord:
        """Return the record of a request that begins now. sent: when the generator sent it, as its header says."""
        now_s = time.time()
        record = RequestRecord(name, method, queue_time_s(sent, now_s) if sent else None, time.perf_counter())
        with self._lock:
            self._in_flight += 1
            self._note_in_flight(int(now_s))
        return record

    def _note_in_flight(self, second: int) -> None:
        in_flight, per_second = self._in_flight, self._per_second
        if in_flight > self._most:
            self._most = in_flight
        if in_flight > per_second.get(second, 0):
            per_second[second] = in_flight
            if len(per_second) > SECONDS_LIMIT:
                del per_second[next(iter(per_second))]

    def end(self, record: RequestRecord) -> None:
        """Add a request that ends now. Idempotent: further calls for the same request change nothing."""
        now_s = time.perf_counter()
        with self._lock:
            if record.has_ended:
                return
            record.has_ended = True
            record.pause(now_s)
            self._note_in_flight(int(time.time()))
            self._in_flight -= 1
            self._sums_of(record).add(record)
        # What the request still does after its last byte is added by ``add_rest``.
        record.events, record.hops = [], []

    def add_rest(self, record: RequestRecord) -> None:
        """Add what a request has done after its end, such as calls into threads that close its connections."""
        if record.events or record.hops:
            with self._lock:
                self._sums_of(record).add_events(record.events, record.hops)
            record.events, record.hops = [], []

    def _sums_of(self, record: RequestRecord) -> Sums:
        name = record.name or f"{record.method} {record.match.route if record.match else '(no route)'}"
        sums = self._sums.get(name)
        if sums is None:
            name = name[:NAME_LIMIT] if len(self._sums) < NAMES_LIMIT else OTHER
            sums = self._sums.setdefault(name, Sums(name))
        return sums

    def as_json(self) -> dict[str, Any]:
        """Return the figures since the start of the process or since ``reset``."""
        with self._lock:
            return {
                "process": os.getpid(),
                "since": round(self._since_s, 6),
                "seconds": round(time.time() - self._since_s, 6),
                "requests": [sums.as_json() for sums in self._sums.values()],
                "in_flight": {
                    "now": self._in_flight,
                    "most": self._most,
                    "per_second": {str(second): most for second, most in self._per_second.items()},
                },
            }
