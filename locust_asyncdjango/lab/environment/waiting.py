"""Say what the lab does and what it waits for, where that may take long, such as filling a large table."""

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

FIRST_NOTICE_S = 20
NOTICE_INTERVAL_S = 60


def announce_step(text: str) -> None:
    """Print that a step begins or is not needed: on standard error, so that standard output has results alone."""
    print(text, file=sys.stderr, flush=True)


@contextmanager
def announced_wait(what: str, first_s: float = FIRST_NOTICE_S, interval_s: float = NOTICE_INTERVAL_S) -> Iterator[None]:
    """Print on standard error what the lab waits for, as long as the context lasts.

    what: completes "still waiting: ". first_s, interval_s: seconds until the first notice, and until each further one.
    """
    ended = threading.Event()

    def announce() -> None:
        begin_s, pause_s = time.monotonic(), first_s
        while not ended.wait(pause_s):
            elapsed_s = time.monotonic() - begin_s
            print(f"still waiting: {what} ({elapsed_s:.0f} s so far; Ctrl-C stops)", file=sys.stderr, flush=True)
            pause_s = interval_s

    thread = threading.Thread(target=announce, daemon=True)
    try:
        thread.start()
        yield
    finally:
        ended.set()
        if thread.is_alive():  # a signal may have come while it was started
            thread.join()
