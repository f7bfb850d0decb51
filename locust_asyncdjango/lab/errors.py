"""What can go wrong, told in one line that says what to do next."""


class LabError(Exception):
    """Base of the lab's own errors."""


class UsageError(LabError):
    """What was asked for cannot be done: exit code 2."""


class TrialError(LabError):
    """A trial could not be measured; it is recorded, and the others go on."""
