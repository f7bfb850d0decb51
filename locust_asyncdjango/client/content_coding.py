"""Content codings (gzip, deflate, br): the body as it came -> as it was meant."""

import zlib

import brotli
from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPParseError

from locust_asyncdjango.client.http11 import MOST_BODY_BYTES

_BROTLI_PIECE = 1024 * 1024


class UndecodableBodyError(HTTPParseError):
    """The body is not in the content coding that the answer names, in one that is not known, or too long."""


def decoded(body: bytes, headers: Headers) -> bytes:
    """The body without its content coding. Raises UndecodableBodyError."""
    coding = (headers.getlist("content-encoding") or ["identity"])[0].lower()
    if coding == "identity" or not body:
        return body
    try:
        if coding == "gzip":
            return _inflated(body, 16 + zlib.MAX_WBITS)
        if coding == "deflate":
            # Some servers send raw deflate data, others what RFC 9110 asks for, in zlib's format.
            try:
                return _inflated(body, -zlib.MAX_WBITS)
            except zlib.error:
                return _inflated(body, zlib.MAX_WBITS)
        if coding == "br":
            return _unbrotlied(body)
    except (zlib.error, brotli.error) as error:
        raise UndecodableBodyError(f"the body is not {coding}, as its Content-Encoding says: {error}") from None
    raise UndecodableBodyError(f"unknown Content-Encoding {coding!r}")


def _inflated(body: bytes, wbits: int) -> bytes:
    inflater = zlib.decompressobj(wbits)
    plain = inflater.decompress(body, MOST_BODY_BYTES)
    if inflater.unconsumed_tail:
        raise _too_long()
    if not inflater.eof:
        raise zlib.error("it is cut short")
    return plain


def _unbrotlied(body: bytes) -> bytes:
    decompressor = brotli.Decompressor()
    pieces = [decompressor.process(body, output_buffer_limit=_BROTLI_PIECE)]
    size = len(pieces[0])
    while not decompressor.can_accept_more_data() and not decompressor.is_finished():
        pieces.append(decompressor.process(b"", output_buffer_limit=_BROTLI_PIECE))
        size += len(pieces[-1])
        if size > MOST_BODY_BYTES:
            raise _too_long()
    if not decompressor.is_finished():
        raise brotli.error("it is cut short")
    return b"".join(pieces)


def _too_long() -> UndecodableBodyError:
    return UndecodableBodyError(f"a body that decodes to more than {MOST_BODY_BYTES} bytes: ask with stream=True")
