"""The errors of the lab. Each message is one line that says what happened and what to do next."""

from typing import ClassVar


class LabError(Exception):
    """Base class of the lab's errors; ``locust-asyncdjango`` prints the message and ends with the exit code."""

    exit_code: ClassVar[int] = 2


class UsageError(LabError):
    """Raised where something cannot be done as requested, before any trial runs."""


class TrialError(LabError):
    """Raised where a trial could not be measured. ``run`` records it and goes on with the other trials."""

    exit_code: ClassVar[int] = 1
