"""Decode the content codings gzip, deflate and br, in pieces, so that a small body cannot stop or fill the process.

There is a limit for each decoded body, and one for all large decoded bodies that the process holds at the same time.
Between two pieces of a large body the event loop runs. Start reading at decode_body.
"""

import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from weakref import WeakSet

import brotli
import gevent
from gevent.lock import Semaphore
from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPParseError

from locust_asyncdjango.client.http11 import MAX_BODY_BYTES

PIECE_BYTES = 256 * 1024
"""What is decoded at a time, in about a millisecond: as many bytes of input, or of output. A body that is no longer is
decoded at once."""

MEMORY_BUDGET_BYTES = 2 * MAX_BODY_BYTES
"""Decoded bytes of large bodies that a process holds at the same time. Bodies of up to PIECE_BYTES do not count."""


class UndecodableBodyError(HTTPParseError):
    """A body cannot be decoded: it is not in the coding that its head names, or too long, or the coding is unknown."""


class MemoryBudgetError(MemoryError):
    """The process holds too many decoded bytes to decode one more body."""


class MemoryBudget:
    """The decoded bytes of large bodies that a process holds, which must not exceed a limit."""

    def __init__(self, max_bytes: int) -> None:
        self.turn = Semaphore()
        """Of the body that is decoded. Of several at once, the loop would have to wait for a piece of each."""
        self._max_bytes = max_bytes
        self._shares: WeakSet[Share] = WeakSet()

    @property
    def total(self) -> int:
        """The bytes that are in use now."""
        return sum(share.size for share in self._shares)

    def check(self, share: "Share") -> None:
        """Count a share from now on. Raise MemoryBudgetError if more bytes are in use than the limit allows."""
        self._shares.add(share)
        if self.total > self._max_bytes:
            raise MemoryBudgetError(
                f"this process already holds decoded bodies of {self._max_bytes} bytes, its limit: request large bodies"
                " with stream=True, or do not keep their responses"
            )


MEMORY_BUDGET = MemoryBudget(MEMORY_BUDGET_BYTES)
"""Those of this process."""


class Share:
    """What one body takes of the memory budget, for as long as the share exists: keep it where the body is kept."""

    def __init__(self, budget: MemoryBudget = MEMORY_BUDGET) -> None:
        self.size = 0
        self.budget = budget

    def set_size(self, size: int) -> None:
        """Take so many bytes. Raise MemoryBudgetError if that is more than the limit allows."""
        self.size = size
        self.budget.check(self)


def _run_the_loop() -> None:
    # After sleep(0), gevent would decode up to 1000 pieces before it serves sockets and timers again.
    gevent.sleep(0.001)


def decode_body(
    body: bytes,
    headers: Headers,
    share: Share | None = None,
    max_bytes: int = MAX_BODY_BYTES,
    pause: Callable[[], None] = _run_the_loop,
) -> bytes:
    """Return a body without its content coding. Other greenlets run while a large one is decoded.

    headers: those of the response; the first Content-Encoding counts. share: of the memory budget; the caller keeps it
    with the body. max_bytes: the longest decoded body. pause: called between two pieces.
    Raise UndecodableBodyError, also if the decoded body is too long, and MemoryBudgetError.
    """
    coding = (headers.getlist("content-encoding") or ["identity"])[0].lower()
    if coding == "identity" or not body:
        return body
    if coding not in _DECODERS:
        raise UndecodableBodyError(f"unknown Content-Encoding {coding!r}")
    *others, last = _DECODERS[coding]
    try:
        for decoder in others:
            try:
                return _join(decoder(body), share, max_bytes, pause)
            except zlib.error:
                continue
        return _join(last(body), share, max_bytes, pause)
    except (zlib.error, brotli.error) as error:
        raise UndecodableBodyError(f"Content-Encoding is {coding}, but the body is not: {error}") from None


def _join(pieces: Iterator[bytes], share: Share | None, max_bytes: int, pause: Callable[[], None]) -> bytes:
    """Return the pieces as one body. Raise UndecodableBodyError and MemoryBudgetError as soon as they are too many."""
    first, second = next(pieces, b""), next(pieces, None)
    if second is None and len(first) <= max_bytes:
        return first
    share = share or Share()
    # Its value is its own buffer. Joining the pieces would copy them all at once, and hold them twice.
    joined = BytesIO()
    size = joined.write(first)
    with share.budget.turn:
        while second is not None and size <= max_bytes:
            share.set_size(size)
            pause()
            size += joined.write(second)
            second = next(pieces, None)
    if size > max_bytes:
        raise UndecodableBodyError(f"the body decodes to more than {max_bytes} bytes: request it with stream=True")
    share.set_size(size)
    return joined.getvalue()


def _inputs(body: bytes) -> Iterator[memoryview]:
    view = memoryview(body)
    return (view[start : start + PIECE_BYTES] for start in range(0, len(body), PIECE_BYTES))


def _inflate(body: bytes, wbits: int) -> Iterator[bytes]:
    """Yield the decoded pieces of zlib's formats; none is empty. Raise zlib.error."""
    inflater = zlib.decompressobj(wbits)
    for data in _inputs(body):
        rest: bytes | memoryview = data
        while rest and not inflater.eof:
            if piece := inflater.decompress(rest, PIECE_BYTES):
                yield piece
            rest = inflater.unconsumed_tail
    # There may be more, although all of the input is used.
    while not inflater.eof:
        if not (piece := inflater.decompress(b"", PIECE_BYTES)):
            raise zlib.error("it is cut short")
        yield piece


def _gunzip(body: bytes) -> Iterator[bytes]:
    return _inflate(body, 16 + zlib.MAX_WBITS)


def _inflate_raw(body: bytes) -> Iterator[bytes]:
    return _inflate(body, -zlib.MAX_WBITS)


def _inflate_zlib(body: bytes) -> Iterator[bytes]:
    return _inflate(body, zlib.MAX_WBITS)


def _decompress_brotli(body: bytes) -> Iterator[bytes]:
    """Yield the decoded pieces; none is empty. Raise brotli.error."""
    decompressor = brotli.Decompressor()
    for data in _inputs(body):
        rest: bytes | memoryview = data
        while not decompressor.is_finished() and (rest or not decompressor.can_accept_more_data()):
            if piece := decompressor.process(rest, output_buffer_limit=PIECE_BYTES):
                yield piece
            rest = b""
    # There may be more, although all of the input is used.
    while not decompressor.is_finished():
        if not (piece := decompressor.process(b"", output_buffer_limit=PIECE_BYTES)):
            raise brotli.error("it is cut short")
        yield piece


_DECODERS: dict[str, tuple[Callable[[bytes], Iterator[bytes]], ...]] = {
    "gzip": (_gunzip,),
    # Some servers send raw deflate data. Others send zlib's format, which RFC 9110 requires.
    "deflate": (_inflate_raw, _inflate_zlib),
    "br": (_decompress_brotli,),
}
"""The decoders of each coding: the first that can decode the body counts."""
