"""A gevent hub with a clock of its own. It never waits: a greenlet that switches to it gets the next scripted event."""

import socket
import threading
from collections import deque
from collections.abc import Callable
from typing import Any


class FakeWatcher:
    """An io or timer watcher of libev's, which the fake hub fires."""

    def __init__(self, due_s: float = 0.0) -> None:
        self.due_s = due_s
        self.callback: Callable[[], None] | None = None

    def start(self, callback: Callable[[], None], update: bool = False) -> None:  # noqa: ARG002
        """Arm the watcher with a callback."""
        self.callback = callback

    def stop(self) -> None:
        """Disarm the watcher until the next start."""
        self.callback = None

    close = stop

    def fire(self) -> None:
        """Call the callback, if it is armed."""
        if self.callback is not None:
            self.callback()


class FakeHub:
    """Stands in for a hub and its loop. peer: the other end of the socket that is watched.

    An event is bytes that the peer sends, seconds that pass, or a function.
    """

    def __init__(self, peer: socket.socket) -> None:
        self.peer = peer
        self.now_s = 1000.0
        self.events: deque[bytes | float | Callable[[], Any]] = deque()
        self.threadsafe_callbacks: list[Callable[[], None]] = []
        self.thread_ident = threading.get_ident()
        self.loop = self
        self._readers: list[FakeWatcher] = []
        self._timers: list[FakeWatcher] = []

    def clock(self) -> float:
        """Return the time in seconds."""
        return self.now_s

    def switch(self) -> None:
        """Carry out the next event."""
        event = self.events.popleft()
        if isinstance(event, float):
            self.pass_time(event)
        elif isinstance(event, bytes):
            self.peer.sendall(event)
            self.notice()
        else:
            event()
            self.notice()

    def wait(self, _watcher: FakeWatcher) -> None:
        """Carry out the next event; what was waited for has happened then."""
        self.switch()

    def notice(self) -> None:
        """Let the loop notice that something has come."""
        for reader in self._readers:
            reader.fire()

    def pass_time(self, seconds: float) -> None:
        """Advance the clock, and fire each timer at its time."""
        end_s = self.now_s + seconds
        while due := [timer for timer in self._timers if timer.callback and timer.due_s <= end_s]:
            timer = min(due, key=lambda each: each.due_s)
            self._timers.remove(timer)
            self.now_s = max(self.now_s, timer.due_s)
            timer.fire()
        self.now_s = end_s

    def io(self, _descriptor: int, _events: int) -> FakeWatcher:
        """Return a watcher that is fired when the peer does something."""
        watcher = FakeWatcher()
        self._readers.append(watcher)
        return watcher

    def timer(self, seconds: float, ref: bool = True) -> FakeWatcher:  # noqa: ARG002
        """Return a watcher that is fired after so many seconds."""
        # Never at once: time would stand still where a rest is too small to be added to the clock.
        watcher = FakeWatcher(self.now_s + max(seconds, 1e-6))
        self._timers.append(watcher)
        return watcher

    def run_callback_threadsafe(self, callback: Callable[[], None]) -> None:
        """Keep a callback of another thread for later."""
        self.threadsafe_callbacks.append(callback)
