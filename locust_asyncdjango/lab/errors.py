"""The errors of the lab. Each message is one line that says what happened and what to do next.

A message may have parts of logs, responses and files of the user. It is a safe text, whatever these hold.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar

from locust_asyncdjango.failures.normalize import safe_line

MESSAGE_LIMIT = 1000
"""The most characters of a message. Of a longer one, the beginning and the end are kept."""


class LabError(Exception):
    """Base class of the lab's errors; ``locust-asyncdjango`` prints the message and ends with the exit code."""

    exit_code: ClassVar[int] = 2

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class UsageError(LabError):
    """Raised where something cannot be done as requested, before any trial runs."""


class TrialError(LabError):
    """Raised where a trial could not be measured. ``run`` records it and goes on with the other trials."""

    exit_code: ClassVar[int] = 1


@contextmanager
def during_set_up() -> Iterator[None]:
    """Raise UsageError in place of TrialError within the context: what fails before the first trial is no trial."""
    try:
        yield
    except TrialError as error:
        raise UsageError(str(error)) from None


def one_line(text: str) -> str:
    """Return a text as one safe line of at most MESSAGE_LIMIT characters."""
    line = " ".join(text.split())
    if len(line) > 4 * MESSAGE_LIMIT:
        # More than is kept, because half a secret may not be recognized as one.
        line = f"{line[: 2 * MESSAGE_LIMIT]} ... {line[-2 * MESSAGE_LIMIT :]}"
    line, half = safe_line(line), MESSAGE_LIMIT // 2 - 3
    return line if len(line) <= MESSAGE_LIMIT else f"{line[:half]} ... {line[-half:]}"


def os_error_text(error: OSError) -> str:
    """Return what the system reports, of an error about several files (shutil.Error) the first one alone."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        _source, _destination, reason = error.args[0][0]
        return str(reason)
    return str(error)
