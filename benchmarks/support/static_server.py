"""Stands in for nginx where there is none: ``python benchmarks/support/static_server.py PORT FILE``.

FILE is JSON with the status, content type and body of each response, by path. uvloop serves, so that little Python runs
for a request. A request may have a body with a Content-Length.
"""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import cast

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class StaticResponses(asyncio.Protocol):
    """One connection, which sends a fixed response for each path."""

    def __init__(self, responses: dict[bytes, bytes]) -> None:
        self._responses = responses
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        received = self._received + data
        while (end := received.find(b"\r\n\r\n") + 4) > 3:
            length = _LENGTH.search(received, 0, end)
            if length:
                end += int(length[1])
            if len(received) < end:
                break
            self._transport.write(self._responses[received.split(b" ", 2)[1]])
            received = received[end:]
        self._received = received


def http_response(status: int, content_type: str, body: str) -> bytes:
    """Return a response as nginx sends it."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: keep-alive\r\n\r\n{body}".encode()


async def main(port: int, file: Path) -> None:
    """Serve until the process is stopped."""
    responses = {path.encode(): http_response(*fields) for path, fields in json.loads(file.read_text()).items()}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: StaticResponses(responses), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), Path(sys.argv[2])))
