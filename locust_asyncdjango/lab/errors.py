"""The errors of the lab. Each message is one line that says what happened and what to do next."""

import shutil
from typing import ClassVar

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


def one_line(text: str) -> str:
    """Return a text as one line of at most MESSAGE_LIMIT characters."""
    line = " ".join(text.split())
    half = MESSAGE_LIMIT // 2 - 3
    return line if len(line) <= MESSAGE_LIMIT else f"{line[:half]} ... {line[-half:]}"


def os_error_text(error: OSError) -> str:
    """Return what the system reports, of an error about several files (shutil.Error) the first one alone."""
    if isinstance(error, shutil.Error) and isinstance(error.args[0], list):
        _source, _destination, reason = error.args[0][0]
        return str(reason)
    return str(error)
