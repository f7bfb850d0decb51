"""Content codings, undone or refused, whatever the bytes are."""

import gzip
import random
import tracemalloc
import zlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import brotli
import gevent
import pytest
from geventhttpclient.header import Headers
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.client.content_coding import (
    PIECE_BYTES,
    MemoryBudget,
    MemoryBudgetError,
    Share,
    UndecodableBodyError,
    decode_body,
)

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


RANDOM_BYTES = random.Random(0).randbytes(300_000)
LARGE = {
    "zeros": bytes(8 * PIECE_BYTES),
    "what cannot be compressed": RANDOM_BYTES * 12,
    "one piece": bytes(PIECE_BYTES),
    "one byte more": bytes(PIECE_BYTES + 1),
}
COMPRESS: dict[str, tuple[str, Callable[[bytes], Any]]] = {
    "gzip": ("gzip", lambda body: gzip.compress(body, 1)),
    "zlib": ("deflate", lambda body: zlib.compress(body, 1)),
    "raw deflate": ("deflate", raw_deflate),
    "br": ("br", lambda body: brotli.compress(body, quality=1)),
}


@pytest.mark.parametrize("how", COMPRESS)
@pytest.mark.parametrize("name", LARGE)
def test_a_large_body_is_decoded_in_pieces(name: str, how: str) -> None:
    coding, compress = COMPRESS[how]
    pauses: list[int] = []
    share = Share(MemoryBudget(2**30))
    headers = Headers({"Content-Encoding": coding})
    decoded = decode_body(compress(LARGE[name]), headers, share, pause=lambda: pauses.append(share.size))
    assert decoded == LARGE[name]
    steps = [after - before for before, after in zip([0, *pauses], [*pauses, len(decoded)], strict=True)]
    # Brotli gives twice what it is asked for.
    assert max(steps) <= 2 * PIECE_BYTES or not pauses
    assert share.size == (len(decoded) if pauses else 0)
    assert bool(pauses) or len(decoded) <= 2 * PIECE_BYTES


def test_other_greenlets_run_while_a_large_body_is_decoded() -> None:
    turns: list[None] = []

    def count() -> None:
        while True:
            turns.append(None)
            gevent.sleep(0.0001)  # a timer

    counting = gevent.spawn(count)
    decode_body(gzip.compress(bytes(20 * PIECE_BYTES), 1), Headers({"Content-Encoding": "gzip"}))
    counting.kill()
    assert len(turns) >= 18


def test_large_bodies_are_decoded_in_turn() -> None:
    def decode(name: str) -> None:
        def pause() -> None:
            order.append(name)
            gevent.sleep(0)

        decode_body(compressed, headers, Share(budget), pause=pause)

    order: list[str] = []
    budget, headers = MemoryBudget(2**30), Headers({"Content-Encoding": "gzip"})
    compressed = gzip.compress(bytes(5 * PIECE_BYTES), 1)
    gevent.joinall([gevent.spawn(decode, name) for name in "abc"], raise_error=True)
    assert "".join(order) == "aaaabbbbcccc"


def test_a_large_body_is_held_once() -> None:
    compressed = gzip.compress(bytes(32 * PIECE_BYTES), 1)
    tracemalloc.start()
    try:
        decode_body(compressed, Headers({"Content-Encoding": "gzip"}))
        assert tracemalloc.get_traced_memory()[1] < 1.5 * 32 * PIECE_BYTES
    finally:
        tracemalloc.stop()


def test_a_process_holds_large_bodies_up_to_a_limit() -> None:
    budget = MemoryBudget(10 * PIECE_BYTES)
    headers = Headers({"Content-Encoding": "gzip"})
    large, small = gzip.compress(bytes(4 * PIECE_BYTES), 1), gzip.compress(bytes(PIECE_BYTES), 1)
    shares = [Share(budget) for _ in range(3)]
    for share in shares[:2]:
        decode_body(large, headers, share)
    assert budget.total == 8 * PIECE_BYTES
    with pytest.raises(
        MemoryBudgetError, match=f"^this process already holds decoded bodies of {10 * PIECE_BYTES} bytes"
    ):
        decode_body(large, headers, shares[2])
    assert len(decode_body(small, headers, Share(budget))) == PIECE_BYTES
    # What was held is free once its share is gone, that of the refused body too.
    del share, shares[1:]
    assert budget.total == 4 * PIECE_BYTES
    assert len(decode_body(large, headers, Share(budget))) == 4 * PIECE_BYTES


def test_decoding_stops_as_soon_as_too_much_is_held() -> None:
    share = Share(MemoryBudget(5 * PIECE_BYTES))
    pauses: list[int] = []
    with pytest.raises(MemoryBudgetError):
        decode_body(
            gzip.compress(bytes(100 * PIECE_BYTES), 1),
            Headers({"Content-Encoding": "gzip"}),
            share,
            pause=lambda: pauses.append(share.size),
        )
    assert max(pauses) <= 5 * PIECE_BYTES


@given(st.binary(max_size=300), st.sampled_from(["gzip", "deflate", "br"]))
def test_decoding_does_no_harm(body: bytes, coding: str) -> None:
    with suppress(UndecodableBodyError):
        decode_body(body, Headers({"Content-Encoding": coding}))
