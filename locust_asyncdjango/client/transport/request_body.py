"""Bodies that are files, generators or chunked: what they become on the wire.

Start reading at framed.
"""

import os
from collections.abc import Iterable, Iterator
from typing import Any

from geventhttpclient.header import Headers

from locust_asyncdjango.client.http11 import InvalidRequestError

BLOCK_BYTES = 64 * 1024

METHODS_WITH_LENGTH = frozenset({"POST", "PUT", "PATCH"})
"""Methods that say how long their body is even when there is none (RFC 9110, section 8.6)."""


def framed(body: Any, method: str, headers: Headers) -> tuple[bytes, Iterable[bytes]]:
    """Set the header fields that say how a body is sent; return what to send with the head, and in pieces after it.

    body: bytes, a file, or an iterable of bytes and str. headers: of the request, changed in place.
    """
    length = body_length(body)
    if length is None or "chunked" in str(headers.get("transfer-encoding")).lower():
        headers.discard("content-length")
        headers.setdefault("Transfer-Encoding", "chunked")
        return b"", chunked(blocks(body))
    if length or method in METHODS_WITH_LENGTH:
        headers.setdefault("Content-Length", str(length))
    return (bytes(body), ()) if isinstance(body, (bytes, bytearray, memoryview)) else (b"", blocks(body))


def body_length(body: Any) -> int | None:
    """Return the length of a body in bytes: of bytes, and of a file; None where it is not known beforehand."""
    if isinstance(body, (bytes, bytearray, memoryview)):
        return len(body)
    try:
        return os.fstat(body.fileno()).st_size
    except (AttributeError, OSError):
        return None


def blocks(body: Any) -> Iterator[bytes]:
    """Yield a body in pieces of bytes. body: bytes, a file, or an iterable of bytes and str.

    Raise InvalidRequestError where it cannot be read, or yields something else.
    """
    if isinstance(body, (bytes, bytearray, memoryview)):
        yield bytes(body)
        return
    try:
        for piece in _blocks_of_file(body) if hasattr(body, "read") else body:
            yield piece.encode() if isinstance(piece, str) else bytes(memoryview(piece))
    except Exception as error:  # noqa: BLE001  # whatever a locustfile's generator raises
        raise InvalidRequestError(f"the body cannot be read: {type(error).__name__}: {error}") from None


def _blocks_of_file(file: Any) -> Iterator[Any]:
    while block := file.read(BLOCK_BYTES):
        yield block


def chunked(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield pieces with the chunked transfer coding (RFC 9112, section 7.1)."""
    for piece in pieces:
        if piece:
            yield b"%x\r\n%b\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"
