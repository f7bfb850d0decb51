"""A TCP gate in front of a service, which can move behind it, and which shows what PostgreSQL does for its clients."""

import asyncio
import struct
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

SSL_REQUEST, GSSENC_REQUEST = 80877103, 80877104
"""Codes of first messages of a client that are answered by one byte (PostgreSQL's manual, Message Formats)."""


@dataclass
class Gate:
    """Listens on a port, and passes connections on to upstream, another port of this machine."""

    upstream: int
    port: int = 0

    async def relay(
        self,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        service: asyncio.StreamReader,
        to_service: asyncio.StreamWriter,
    ) -> None:
        """Copy both directions, until both have ended."""
        await asyncio.gather(_copy(client, to_service), _copy(service, to_client))

    async def handle(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """Pass one connection on. Where nothing listens upstream, close it at once."""
        with suppress(OSError, asyncio.IncompleteReadError):
            service, to_service = await asyncio.open_connection("127.0.0.1", self.upstream)
            try:
                await self.relay(client, to_client, service, to_service)
            finally:
                to_service.close()
        to_client.close()


@dataclass
class PostgresGate(Gate):
    """Also counts the commands that PostgreSQL has completed, and the clients that said goodbye."""

    commands: list[str] = field(default_factory=list)
    """Tags of completed commands, such as SELECT 25: whatever the driver, one per query, with its rows."""
    connections: int = 0
    goodbyes: int = 0

    async def relay(
        self,
        client: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        service: asyncio.StreamReader,
        to_service: asyncio.StreamWriter,
    ) -> None:
        """Copy frames of type, length and body, after a start message that has no type."""
        while True:
            head = await client.readexactly(8)
            length, code = struct.unpack("!II", head)
            to_service.write(head + await client.readexactly(length - 8))
            if code not in (SSL_REQUEST, GSSENC_REQUEST):
                break
            to_client.write(await service.readexactly(1))
        self.connections += 1
        await asyncio.gather(self.from_client(client, to_service), self.from_service(service, to_client))

    async def from_client(self, client: asyncio.StreamReader, to_service: asyncio.StreamWriter) -> None:
        """Copy what a client sends, and count Terminate messages."""
        async for kind, frame in _frames(client):
            self.goodbyes += kind == b"X"
            to_service.write(frame)
        to_service.close()

    async def from_service(self, service: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        """Copy what PostgreSQL sends, and note each completed command.

        CommandComplete ends one, and so does PortalSuspended, where a query was asked for one row.
        """
        rows = 0
        async for kind, frame in _frames(service):
            rows += kind == b"D"
            if kind in (b"C", b"s"):
                self.commands.append(frame[5:-1].decode() or f"SELECT {rows}")
                rows = 0
            to_client.write(frame)
        to_client.close()


async def _frames(reader: asyncio.StreamReader) -> AsyncIterator[tuple[bytes, bytes]]:
    with suppress(asyncio.IncompleteReadError, OSError):
        while True:
            head = await reader.readexactly(5)
            yield head[:1], head + await reader.readexactly(struct.unpack("!I", head[1:])[0] - 4)


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
    writer.close()


@contextmanager
def opened(gate: Gate) -> Iterator[None]:
    """Run a gate in a thread of its own within the context."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> asyncio.Server:
        server = await asyncio.start_server(gate.handle, "127.0.0.1", gate.port)
        gate.port = server.sockets[0].getsockname()[1]
        return server

    async def end() -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result()
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
