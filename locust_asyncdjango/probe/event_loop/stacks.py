"""Where a thread is, from outside of it: the innermost line of the project's own code, and what it waits for."""

import os
import platform
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from ..protocol import OVERLAY_VARIABLE

RUNNING, LOCK, GIL, SYSTEM_CALL, UNKNOWN = "running", "lock", "gil", "system call", "unknown"
"""What a thread does: it computes or could; it waits for a lock, for the interpreter, in any other system call."""

_FUTEX = {
    "x86_64": 202,
    "aarch64": 98,
    "riscv64": 98,
    "i686": 240,
    "armv7l": 240,
    "ppc64le": 221,
    "s390x": 238,
}
"""A machine -> the number of Linux's system call in which locks, and the interpreter's own lock, are waited for."""
_LOCK_MODULES = ("threading.py", "queue.py", "futures/_base.py")
_THREAD_START = "_adjust_thread_count"
"""The function in which an executor waits for a new thread: asgiref calls it for each request, and no view does."""
_DEPTH_LIMIT = 200


class Place(NamedTuple):
    """A line of code. file: below the working directory as a relative path, else absolute."""

    file: str
    line: int
    function: str


class Sample(NamedTuple):
    """What a thread did at one moment.

    place: the innermost line of the project's own code on its stack; None without one.
    state: one of the constants above.
    call: the outermost frame of the project's own code, which is another one in each request; None without one.
    """

    place: Place | None
    state: str
    call: object = None


def sample_thread(thread_id: int, native_id: int) -> Sample:
    """Return where a thread is. thread_id: Python's number of it. native_id: the system's."""
    innermost = sys._current_frames().get(thread_id)
    if innermost is None:
        return Sample(None, UNKNOWN)
    state = _read_state(native_id)
    if state == GIL and innermost.f_code.co_filename.endswith(_LOCK_MODULES):
        state = LOCK
    frames = own_frames(innermost)
    return Sample(_place(frames[0]), state, frames[-1]) if frames else Sample(None, state)


def own_frames(innermost: FrameType) -> list[FrameType]:
    """Return the frames of the project's own code on a stack, innermost first; none where a thread is being started."""
    frames = []
    frame: FrameType | None = innermost
    for _ in range(_DEPTH_LIMIT):
        if frame is None:
            break
        if frame.f_code.co_name == _THREAD_START:
            return []
        if is_own_file(frame.f_code.co_filename):
            frames.append(frame)
        frame = frame.f_back
    return frames


def _place(frame: FrameType) -> Place:
    code = frame.f_code
    return Place(shown_file(code.co_filename), frame.f_lineno or 0, getattr(code, "co_qualname", code.co_name))


@lru_cache(maxsize=4096)
def is_own_file(name: str) -> bool:
    """Return whether a file is the project's: not Python's own, not an installed package's, and none of the lab's.

    A project may stand below the folder of a Python, such as /usr, and a Python below that of a project, such as .venv:
    the longest of these folders counts.
    """
    if not Path(name).is_absolute() or {"site-packages", "dist-packages"} & set(Path(name).parts):
        return False
    own = [str(Path.cwd())]
    others = [sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), str(Path(__file__).parents[1])]
    others += filter(None, [os.environ.get(OVERLAY_VARIABLE)])
    names = (name, os.path.realpath(name))
    longest_own, longest_other = (
        max((len(folder) for folder in folders for each in names if _is_below(each, folder)), default=0)
        for folders in (own, others)
    )
    return longest_own > longest_other or not longest_other


def _is_below(name: str, folder: str) -> bool:
    return name.startswith(folder.rstrip(os.sep) + os.sep)


@lru_cache(maxsize=4096)
def shown_file(name: str) -> str:
    """Return the name of a file below the working directory, which is the project's folder, as a relative path."""
    folder = str(Path.cwd())
    return os.path.relpath(name, folder) if folder != os.sep and _is_below(name, folder) else name


def _read_state(native_id: int) -> str:
    """Return what Linux says that a thread does; UNKNOWN on other systems, and where it may not be read."""
    try:
        with open(f"/proc/self/task/{native_id}/syscall", encoding="ascii") as file:  # noqa: PTH123 - called often
            call = file.read(24).split()
    except OSError:
        return UNKNOWN
    if not call or call[0] == "running":
        return RUNNING if call else UNKNOWN
    return GIL if int(call[0]) == _FUTEX.get(platform.machine()) else SYSTEM_CALL
