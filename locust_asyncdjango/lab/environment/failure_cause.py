"""Why a program failed, from the lines of its log: the first error, which the others follow from.

Programs often end with a line such as "Worker failed to boot", or with a hint. Start reading at ``first_error``.
"""

import re
from collections.abc import Sequence
from itertools import pairwise

from locust_asyncdjango.probe.protocol import LOG_MARGIN

_TRACEBACK = re.compile(r"(?P<margin>[\s|]*)Traceback \(most recent call last\):")
_EXCEPTION = re.compile(r"[^\W\d][\w.]*(?::.*)?")
"""The line that ends a traceback: a name, and a message if it has one."""
_CHAINED = ("The above exception was the direct cause", "During handling of the above exception")
_ERROR = re.compile(
    r"""
    \b(?:error|fatal|critical|panic|failed|refused|denied|abort(?:ed|ing)?)\b | \w(?:Error|Exception)\b
    | \b(?:can|could|did|does)(?:\ not|not|n't)\b | \bunable\ to\b | \bno\ such\b | \balready\ in\ use\b | \bin\ use:
    | \(\w+\.[CE]\d{3}\)                       # a system check of Django
    """,
    re.IGNORECASE | re.VERBOSE,
)
_REASON = re.compile(r"already in use|permission denied|no space left|no such file", re.IGNORECASE)
"""What the system says of a failure. Redis writes such a line as a warning."""
_HARMLESS = re.compile(r"(?:warning|\binfo|\bdebug|\bnotice|\bhint|\bdetail)\b", re.IGNORECASE)


def first_error(lines: Sequence[str]) -> str:
    """Return the first error of a log in one line, however long it is; "" where there is none.

    lines: of the log, without blank ones.
    It is the exception of the first traceback, with the last of those that it led to, or else the first line that says
    what went wrong.
    """
    lines = [line for line in lines if not line.startswith(LOG_MARGIN)]  # those of views
    exceptions = _first_exceptions(lines)
    error = exceptions[0] if exceptions else next(filter(_is_error, lines), "")
    consequence = f", which led to {exceptions[-1]}" if exceptions[1:] else ""
    return " ".join(f"{error}{consequence}".split())


def _first_exceptions(lines: Sequence[str]) -> list[str]:
    """Return the exception of the first traceback, and those of the tracebacks that say that they follow from it."""
    exceptions: list[str] = []
    margin: str | None = None  # of the traceback that is being read
    for previous, line in pairwise(("", *lines)):
        if match := _TRACEBACK.fullmatch(line.rstrip()):
            if exceptions and not previous.lstrip(" |").startswith(_CHAINED):
                break
            margin = match["margin"]
        elif margin is not None and line.startswith(margin) and _EXCEPTION.fullmatch(line[len(margin) :]):
            exceptions.append(line[len(margin) :])
            margin = None
    return exceptions


def _is_error(line: str) -> bool:
    if line.rstrip().endswith(":"):  # it announces the error
        return False
    return bool(_REASON.search(line) or (_ERROR.search(line) and not _HARMLESS.search(line)))
