"""Content codings, undone or refused, whatever the bytes are."""

import gzip
import zlib
from contextlib import suppress
from typing import Any

import brotli
import pytest
from geventhttpclient.header import Headers
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.client.content_coding import UndecodableBodyError, decode_body

BODY = b"A body that is long enough to be worth it. " * 20


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        (None, BODY),
        ("identity", BODY),
        ("gzip", gzip.compress(BODY, mtime=0)),
        ("GZip", gzip.compress(BODY, mtime=0)),
        ("deflate", zlib.compress(BODY)),
        ("deflate", raw_deflate(BODY)),
        ("br", brotli.compress(BODY)),
    ],
)
def test_a_body_is_decoded(coding: str | None, body: bytes) -> None:
    assert decode_body(body, Headers({"Content-Encoding": coding} if coding else {})) == BODY


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
def test_no_body_has_no_coding(coding: str) -> None:
    assert decode_body(b"", Headers({"Content-Encoding": coding})) == b""


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", BODY),
        ("gzip", gzip.compress(BODY, mtime=0)[:-9]),
        ("deflate", BODY),
        ("br", BODY),
        ("br", brotli.compress(BODY)[:-3]),
        ("zstd", BODY),
        ("gzip, br", BODY),
    ],
)
def test_an_undecodable_body_raises(coding: str, body: bytes) -> None:
    with pytest.raises(UndecodableBodyError):
        decode_body(body, Headers({"Content-Encoding": coding}))


@pytest.mark.parametrize(("coding", "compress"), [("gzip", gzip.compress), ("br", brotli.compress)])
def test_a_little_that_decodes_to_too_much(coding: str, compress: Any) -> None:
    compressed_zeros = compress(b"0" * 10_000_000)
    assert len(compressed_zeros) < 20_000
    with pytest.raises(UndecodableBodyError, match="decodes to more than 5000000 bytes"):
        decode_body(compressed_zeros, Headers({"Content-Encoding": coding}), max_bytes=5_000_000)


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br"]))
def test_decoding_does_no_harm(body: bytes, coding: str) -> None:
    with suppress(UndecodableBodyError):
        decode_body(body, Headers({"Content-Encoding": coding}))
