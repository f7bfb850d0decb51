"""The message of an exception and the line that raised it, for the lab, which asks for them before a trial.

Messages may contain rows and settings, so the load is never answered with them.
"""

import os
import sys
from traceback import walk_tb

from ..event_loop.stacks import is_own_file, shown_file
from ..protocol import CUT, DETAIL_LIMIT, FailureDetails
from .exception_details import exception_chain, full_name

UNREADABLE = "<exception str() failed>"
"""What stands for a message that cannot be read, as in Python's tracebacks."""


def describe_details(exception: BaseException, *, has_traceback: bool) -> FailureDetails:
    """Return the details of an exception and of the innermost one that it wraps, unless that says the same.

    has_traceback: whether the log of the server has its traceback.
    """
    cause = exception_chain(exception)[-1]
    text, cause_text = read_message(exception), read_message(cause)
    details = FailureDetails(full_name(exception), text, place_of(exception), traceback="yes" if has_traceback else "")
    if cause is exception or cause_text == text:
        return details
    return details._replace(cause=full_name(cause), cause_text=cause_text, cause_place=place_of(cause))


def read_message(exception: BaseException) -> str:
    """Return the message of an exception, whatever its class does."""
    try:
        return str(exception)
    except Exception:  # noqa: BLE001 - whatever a class of the project's own raises
        return UNREADABLE


def place_of(exception: BaseException) -> str:
    """Return the innermost line of the project's own files in a traceback, else the innermost line; "" without one.

    It is ``file:line``. The file is relative to the project's folder, or to where Python has found its package.
    """
    lines = [(frame.f_code.co_filename, line) for frame, line in walk_tb(exception.__traceback__)]
    if not lines:
        return ""
    file, line = next((each for each in reversed(lines) if is_own_file(each[0])), lines[-1])
    place = f"{shown_file(file) if is_own_file(file) else _below_path(file)}:{line}"
    # The end says more than the beginning. A character has at most four bytes.
    return place if len(place) <= DETAIL_LIMIT // 4 else CUT + place[-(DETAIL_LIMIT // 4) :]


def _below_path(file: str) -> str:
    """Return a file of an installed package as it is imported, such as django/urls/base.py."""
    folders = [folder for folder in sys.path if folder and file.startswith(folder.rstrip(os.sep) + os.sep)]
    return os.path.relpath(file, max(folders, key=len)) if folders else file
