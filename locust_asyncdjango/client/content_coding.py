"""Content codings: gzip, deflate and br are undone by decoded(). A limit keeps a small body from filling the memory."""

import zlib

import brotli
from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPParseError

from locust_asyncdjango.client.http11 import MAX_BODY_BYTES

_BROTLI_PIECE_BYTES = 1024 * 1024


class UndecodableBodyError(HTTPParseError):
    """A body cannot be decoded: it is not in the coding that its head names, or too long, or the coding is unknown."""


def decoded(body: bytes, headers: Headers, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Return a body without its content coding.

    headers: of the response, whose first Content-Encoding counts. An empty body needs no decoding. Raise
    UndecodableBodyError, also for what is longer than max_bytes when decoded.
    """
    coding = (headers.getlist("content-encoding") or ["identity"])[0].lower()
    if coding == "identity" or not body:
        return body
    try:
        if coding == "gzip":
            return _inflated(body, 16 + zlib.MAX_WBITS, max_bytes)
        if coding == "deflate":
            # Some servers send raw deflate data, others what RFC 9110 requires, in zlib's format.
            try:
                return _inflated(body, -zlib.MAX_WBITS, max_bytes)
            except zlib.error:
                return _inflated(body, zlib.MAX_WBITS, max_bytes)
        if coding == "br":
            return _unbrotlied(body, max_bytes)
    except (zlib.error, brotli.error) as error:
        raise UndecodableBodyError(f"the body is not {coding}, as its Content-Encoding says: {error}") from None
    raise UndecodableBodyError(f"unknown Content-Encoding {coding!r}")


def _inflated(body: bytes, wbits: int, max_bytes: int) -> bytes:
    inflater = zlib.decompressobj(wbits)
    plain = inflater.decompress(body, max_bytes)
    if inflater.unconsumed_tail:
        raise _too_long(max_bytes)
    if not inflater.eof:
        raise zlib.error("it is cut short")
    return plain


def _unbrotlied(body: bytes, max_bytes: int) -> bytes:
    decompressor = brotli.Decompressor()
    pieces = [decompressor.process(body, output_buffer_limit=_BROTLI_PIECE_BYTES)]
    size = len(pieces[0])
    while not decompressor.can_accept_more_data() and not decompressor.is_finished():
        pieces.append(decompressor.process(b"", output_buffer_limit=_BROTLI_PIECE_BYTES))
        size += len(pieces[-1])
        if size > max_bytes:
            raise _too_long(max_bytes)
    if not decompressor.is_finished():
        raise brotli.error("it is cut short")
    return b"".join(pieces)


def _too_long(max_bytes: int) -> UndecodableBodyError:
    return UndecodableBodyError(f"a body that decodes to more than {max_bytes} bytes: request it with stream=True")
