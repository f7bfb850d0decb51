"""Decode the content codings gzip, deflate and br. A limit keeps a small body from filling the memory when decoded."""

import zlib

import brotli
from geventhttpclient.header import Headers
from geventhttpclient.response import HTTPParseError

from locust_asyncdjango.client.http11 import MAX_BODY_BYTES

_BROTLI_PIECE_BYTES = 1024 * 1024


class UndecodableBodyError(HTTPParseError):
    """A body cannot be decoded: it is not in the coding that its head names, or too long, or the coding is unknown."""


def decode_body(body: bytes, headers: Headers, max_bytes: int = MAX_BODY_BYTES) -> bytes:
    """Return a body without its content coding.

    headers: those of the response; the first Content-Encoding counts. max_bytes: the longest decoded body. An empty
    body needs no decoding. Raise UndecodableBodyError, also if the decoded body is too long.
    """
    coding = (headers.getlist("content-encoding") or ["identity"])[0].lower()
    if coding == "identity" or not body:
        return body
    try:
        if coding == "gzip":
            return _decode_gzip_or_deflate(body, 16 + zlib.MAX_WBITS, max_bytes)
        if coding == "deflate":
            # Some servers send raw deflate data. Others send zlib's format, which RFC 9110 requires.
            try:
                return _decode_gzip_or_deflate(body, -zlib.MAX_WBITS, max_bytes)
            except zlib.error:
                return _decode_gzip_or_deflate(body, zlib.MAX_WBITS, max_bytes)
        if coding == "br":
            return _decode_brotli(body, max_bytes)
    except (zlib.error, brotli.error) as error:
        raise UndecodableBodyError(f"Content-Encoding is {coding}, but the body is not: {error}") from None
    raise UndecodableBodyError(f"unknown Content-Encoding {coding!r}")


def _decode_gzip_or_deflate(body: bytes, wbits: int, max_bytes: int) -> bytes:
    inflater = zlib.decompressobj(wbits)
    plain = inflater.decompress(body, max_bytes)
    if inflater.unconsumed_tail:
        raise _too_long(max_bytes)
    if not inflater.eof:
        raise zlib.error("it is cut short")
    return plain


def _decode_brotli(body: bytes, max_bytes: int) -> bytes:
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
    return UndecodableBodyError(f"the body decodes to more than {max_bytes} bytes: request it with stream=True")
