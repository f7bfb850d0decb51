"""Stands in for nginx where there is none: ``python benchmarks/fixed_answers.py PORT FILE``.

FILE has, by path, the status, type and body of each answer, as JSON. uvloop serves, so that little Python runs for a
request; what follows a request's head it takes for the body of a form, up to the length that it is told.
"""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import cast

import uvloop

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)\r\n", re.IGNORECASE)


class Answering(asyncio.Protocol):
    """One connection."""

    def __init__(self, answers: dict[bytes, bytes]) -> None:
        self._answers = answers
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
            self._transport.write(self._answers[received.split(b" ", 2)[1]])
            received = received[end:]
        self._received = received


def answer(status: int, content_type: str, body: str) -> bytes:
    """As nginx has it."""
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {content_type}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: keep-alive\r\n\r\n{body}".encode()


async def main(port: int, file: Path) -> None:
    """Serves until it is stopped."""
    answers = {path.encode(): answer(*told) for path, told in json.loads(file.read_text()).items()}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(answers), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), Path(sys.argv[2])))
