"""A mail server that accepts every message and throws it away, so that a load test sends no e-mail to anybody."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.lab.errors import TrialError

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class SmtpSink:
    """A mail server that runs. host, port: its address. messages: how many it has accepted so far."""

    host: str
    port: int
    messages: int = 0
    _lock: Lock = field(default_factory=Lock, repr=False)

    async def handle_DATA(self, _server: "SMTP", _session: "Session", _envelope: "Envelope") -> str:  # noqa: N802
        """Accept a message. aiosmtpd calls it by this name."""
        with self._lock:
            self.messages += 1
        return "250 OK"


@contextmanager
def running_smtp_sink() -> Iterator[SmtpSink]:
    """Start a mail server on a free port of 127.0.0.1 for the context. Raise TrialError where it does not start."""
    from aiosmtpd.controller import Controller  # importing the lab needs the standard library only

    sink = SmtpSink("127.0.0.1", free_port())
    controller = Controller(sink, hostname=sink.host, port=sink.port, ready_timeout=30)
    try:
        controller.start()
    except (OSError, TimeoutError) as error:
        raise TrialError(f"the mail server that takes the project's e-mail did not start: {error}") from None
    try:
        yield sink
    finally:
        controller.stop()
