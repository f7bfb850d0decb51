"""The tracebacks of failures in the log of the server: one for each place, and a few in all.

Django's own log has them with some settings only. A view that fails all the time costs a look at its place each time.
"""

import sys
import traceback
from contextlib import suppress

from ..protocol import LOG_MARGIN
from .failure_details import place_of

PLACES_LIMIT = 20
"""How many tracebacks a process writes."""
FRAMES_LIMIT = 40
"""How many of the innermost frames of each exception are written."""
LINES_LIMIT = 300
"""How many lines of a traceback are written: the first and the last half of so many."""
LINE_LIMIT = 2000
"""How many characters a line may have. Half a line could be half a secret, which the lab does not find."""


class TracebackLog:
    """Writes the first traceback of each place to the standard error. Thread-safe."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str], object] = {}

    def write(self, exception: BaseException) -> bool:
        """Write the traceback of an exception, unless there are enough. Return whether the log has one of its place."""
        key = (type(exception).__qualname__, place_of(exception))
        if key in self._places:
            return True
        if len(self._places) >= PLACES_LIMIT:
            return False
        mark = object()
        if self._places.setdefault(key, mark) is mark:
            # A server may have closed or replaced the standard error.
            with suppress(Exception):
                sys.stderr.write(format_failure(exception, key[1]))
                sys.stderr.flush()
        return True


def format_failure(exception: BaseException, place: str) -> str:
    """Return the lines of an exception's traceback below a heading. place: where it was raised."""
    lines = "".join(traceback.format_exception(exception, limit=-FRAMES_LIMIT)).splitlines()
    half = LINES_LIMIT // 2
    if len(lines) > LINES_LIMIT:
        lines = [*lines[:half], f"... {len(lines) - 2 * half} lines are left out ...", *lines[-half:]]
    short = (line if len(line) <= LINE_LIMIT else f"... a line of {len(line)} characters ..." for line in lines)
    heading = f"locust-asyncdjango: the first failure of this kind at {place or 'an unknown place'}"
    return "".join(f"{line}\n" for line in (heading, *(f"{LOG_MARGIN}{line}" for line in short)))
