"""The proxy without sockets: transports that note what they are told, and an event loop to run a scenario in."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


class FakeSocket:
    """A socket without a file descriptor, from which nothing can be read."""

    def fileno(self) -> int:
        return -1

    def setsockopt(self, *_: object) -> None:
        """Set nothing."""

    def getsockopt(self, *_: object) -> bytes:
        return b""


class FakeTransport(asyncio.Transport):
    """A transport that notes what is written to it and what else it is told, in order."""

    def __init__(self) -> None:
        super().__init__({"socket": FakeSocket()})
        self.calls: list[str] = []
        self.written = b""

    def write(self, data: Any) -> None:
        self.written += bytes(data)

    def write_eof(self) -> None:
        self.calls.append("write_eof")

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")

    def pause_reading(self) -> None:
        self.calls.append("pause_reading")

    def resume_reading(self) -> None:
        self.calls.append("resume_reading")

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Note nothing: uvloop looks data_received up again here."""


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """Run a scenario in an event loop of its own."""

    async def body() -> None:
        await scenario()

    asyncio.run(body())
