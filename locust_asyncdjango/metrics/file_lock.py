"""Locks between processes, on a file or a folder.

The operating system ends a lock with the process that holds it, so that a killed process leaves no lock.
"""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def exclusive_lock(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold an exclusive lock on a path within the context; another process that wants it waits, or gets an error.

    path: a folder, which has to exist, or a file, which is made if it does not exist.
    wait: wait until no other process holds the lock. Without it, raise BlockingIOError at once if another one does.
    Raise OSError where the path cannot be opened.
    """
    flags = os.O_RDONLY if path.is_dir() else os.O_RDWR | os.O_CREAT
    descriptor = os.open(path, flags, 0o666)
    try:
        lock_until_closed(descriptor, wait=wait)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def shared_lock(folder: Path) -> Iterator[None]:
    """Hold a shared lock on a folder within the context: others may hold one too, but none an exclusive one.

    Raise OSError where there is no such folder.
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def remove_unused(folder: Path) -> bool:
    """Remove a folder, unless a process holds a lock on it. Return whether it is gone. Raise OSError."""
    if folder.exists():
        try:
            with exclusive_lock(folder, wait=False):
                shutil.rmtree(folder)
        except BlockingIOError:
            return False
    return True


def lock_until_closed(descriptor: int, *, wait: bool = False) -> None:
    """Hold an exclusive lock on an open file until it is closed, whatever name it was opened by.

    wait: as for ``exclusive_lock``. Raise OSError where the file system has no locks.
    """
    fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
