"""Bodies of every sort, and the header fields and bytes that they become."""

import io
import tempfile
from typing import Any

import pytest
from geventhttpclient.header import Headers

from locust_asyncdjango.client.transport.request_body import framed

CHUNKED = {"transfer-encoding": "chunked"}


def on_the_wire(body: Any, method: str = "POST", **fields: str) -> tuple[dict[str, str], bytes, bytes]:
    """Return the header fields, what is sent with the head, and what follows."""
    headers = Headers({name.replace("_", "-"): value for name, value in fields.items()})
    first, rest = framed(body, method, headers)
    return {name.lower(): str(value) for name, value in headers.items()}, first, b"".join(rest)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"", ({"content-length": "0"}, b"", b""), id="none"),
        pytest.param(b"four", ({"content-length": "4"}, b"four", b""), id="bytes"),
        pytest.param(bytearray(b"four"), ({"content-length": "4"}, b"four", b""), id="a bytearray"),
        pytest.param(memoryview(b"four"), ({"content-length": "4"}, b"four", b""), id="a memoryview"),
        pytest.param(iter([b"a", "ü", b""]), (CHUNKED, b"", b"1\r\na\r\n2\r\n\xc3\xbc\r\n0\r\n\r\n"), id="a generator"),
        pytest.param([b"a"], (CHUNKED, b"", b"1\r\na\r\n0\r\n\r\n"), id="a list"),
        pytest.param(io.BytesIO(b"ab"), (CHUNKED, b"", b"2\r\nab\r\n0\r\n\r\n"), id="a file without a descriptor"),
        pytest.param(io.StringIO("ab"), (CHUNKED, b"", b"2\r\nab\r\n0\r\n\r\n"), id="a text file"),
    ],
)
def test_framed(body: Any, expected: Any) -> None:
    assert on_the_wire(body) == expected


def test_a_file_is_sent_with_its_length() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(b"x" * 200_000)
        file.seek(0)
        assert on_the_wire(file) == ({"content-length": "200000"}, b"", b"x" * 200_000)


def test_a_get_without_a_body_says_nothing_of_its_length() -> None:
    assert on_the_wire(b"", "GET") == ({}, b"", b"")


def test_a_length_of_the_users_own_is_kept() -> None:
    assert on_the_wire(b"four", content_length="9") == ({"content-length": "9"}, b"four", b"")


def test_chunks_that_the_user_asks_for() -> None:
    sent = on_the_wire(b"four", transfer_encoding="chunked", content_length="4")
    assert sent == (CHUNKED, b"", b"4\r\nfour\r\n0\r\n\r\n")
