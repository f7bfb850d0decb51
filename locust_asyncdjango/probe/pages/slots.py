"""Hold requests in the place of a view, so that the lab can count how many a process works on at once."""

import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

DEFAULT_HOLD_MS = 200
LONGEST_HOLD_MS = 5000


class Slots:
    """Counts the requests that are held at the same time, in this process."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()

    @contextmanager
    def hold(self) -> Iterator[dict[str, int]]:
        """Count one more request within the context. Yield the process and how many it has at the begin, with it."""
        with self._lock:
            self._count += 1
            slots = {"process": os.getpid(), "in_flight": self._count}
        try:
            yield slots
        finally:
            with self._lock:
                self._count -= 1


def hold_time_ms(parameters: Mapping[str, Sequence[str]]) -> int | None:
    """Return for how long a request asks to be held; None where the parameter ms is no whole number in range."""
    text = parameters.get("ms", [str(DEFAULT_HOLD_MS)])[-1]
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(LONGEST_HOLD_MS))
    return int(text) if is_number and int(text) <= LONGEST_HOLD_MS else None
