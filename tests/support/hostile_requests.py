"""Requests that no browser would send: each part of a request is taken from a list of bad ones, or is noise."""

import random
from collections.abc import Iterator
from typing import NamedTuple

from locust_asyncdjango.probe.protocol import PREFLIGHT_PATH, SLOTS_PATH
from locust_asyncdjango.routes import ROUTES
from tests.support.site_client import variants_of

PATHS = [
    *("/", "/routes.json", "/healthz", PREFLIGHT_PATH, SLOTS_PATH, "/nowhere/"),
    *(route.path for route in ROUTES.values() if route.name != "cpu"),
    # Without n, the route cpu computes for a second.
    *(
        f"{route.path}{variant}/{'?n=10' if route.name == 'cpu' else ''}"
        for route in ROUTES.values()
        for variant in variants_of(route)
    ),
]
METHODS = [
    *(b"GET", b"POST"),
    *(b"HEAD", b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"PATCH", b"CONNECT", b"get", b"PROPFIND"),
    *(b"G" * 300, b"G\x00T", b"\xff\xfe", b"GET GET", b"{}"),
]
SUFFIXES = [
    *(
        b"%00",
        b"%ff%fe",
        b"../../../etc/passwd",
        b"%2e%2e/%2e%2e/",
        b"//",
        b";a=b",
        b"%",
        b"%zz",
        b"#x",
        b"\xc3\x28",
        b"\x00",
    ),
    *(b"a" * 7000, b"a/" * 3000, "ü/".encode(), b"%u0000", b"*", b"http://evil.example/"),
]
NAMES = [b"id", b"n", b"ms", b"seed", b"key", b"title", b"content", b"hold", b"", b"%00", b"__class__", b"id[]"]
VALUES = [
    *(
        b"",
        b"0",
        b"-1",
        b"-0",
        b"+1",
        b"1e9",
        b"1.5",
        b"NaN",
        b"Infinity",
        b"true",
        b"null",
        b"[]",
        b"{",
        b"0x10",
        b"1_000",
    ),
    *(
        b"9" * 30,
        b"9" * 5000,
        b"-" + b"9" * 400,
        "٣".encode(),
        "①".encode(),
        b"%00",
        b"a%00b",
        b"%ff",
        b"%ED%A0%80",
        b"%F0%9F%98%80",
    ),
    *(
        b"' OR 1=1--",
        b"%27;DROP TABLE post;--",
        b"{{7*7}}",
        b"{%25 debug %25}",
        b"<script>",
        b"${7*7}",
        b"%0d%0aX: y",
    ),
    *(
        b"00000000-0000-0000-0000-000000000000",
        b"00000000-0000-0000-0000-00000000000",
        b"urn:uuid:" + b"0" * 32,
        b"{" + b"f" * 32 + b"}",
    ),
    *(b"x" * 20_000, "ß".encode() * 101, b"__import__('os')", b"../../x", b"*", b"\r\nQUIT"),
]
CONTENT_TYPES = [
    b"application/x-www-form-urlencoded",
    *(
        b"application/json",
        b"multipart/form-data; boundary=b",
        b"multipart/form-data",
        b"multipart/form-data; boundary=" + b"b" * 300,
    ),
    *(
        b"application/x-www-form-urlencoded; charset=hex",
        b"text/plain; charset=\xff",
        b"text/plain; charset=utf-16",
        b";;;=",
        b"\x80",
    ),
    b"multipart/form-data; boundary=b; charset=zlib_codec",
]
HEADERS = [
    *(
        b"Host: evil.example",
        b"Host: ",
        b"Host: a b",
        b"Host: 127.0.0.1\r\nHost: evil.example",
        b"Host: [::1",
        b"Host: \xff",
    ),
    *(
        b"X-Forwarded-Host: evil.example",
        b"X-Forwarded-Proto: \x01",
        b'Forwarded: for=unknown;host="',
        b"X-A: " + b"a" * 7000,
    ),
    *(b"Cookie: sessionid=\xff\xfe; csrftoken=" + b"a" * 3000, b'Cookie: =;;=;"', b"Accept-Language: " + b"de," * 900),
    *(
        b"Accept: \x80",
        b"Range: bytes=0-18446744073709551616",
        b"If-Modified-Since: Fri, 99 Foo 99999",
        b'If-None-Match: "' + b"x" * 500,
    ),
    *(
        b"X-Locust-Asyncdjango-Token: ",
        b"X-Locust-Asyncdjango-Token: \xff\xfe",
        b"X-Locust-Asyncdjango-Token: " + b"a" * 5000,
    ),
    *(
        b"Expect: 200-ok",
        b"Authorization: Basic \xff",
        b"A" * 500 + b": b",
        b"No colon here",
        b" folded: x",
        b"X\x00Y: z",
        b"X-A: a\x00b",
    ),
    *(
        b"Upgrade: websocket\r\nSec-WebSocket-Key: x",
        b"Content-Encoding: gzip",
        b"Transfer-Encoding: identity",
        b"Referer: \xff",
    ),
]
LENGTHS = [b"-1", b"+5", b"abc", b"1, 2", b"9" * 30, b"0x10", b" ", b"1_0", "٣".encode()]
VERSIONS = [b"HTTP/1.0", b"HTTP/0.9", b"HTTP/9.9", b"http/1.1", b"", b"HTTP/1.1 x"]
CHUNKS = [
    b"0\r\n\r\n",
    b"3\r\nabc\r\n0\r\n\r\n",
    b"zz\r\nabc\r\n0\r\n\r\n",
    b"-1\r\n\r\n",
    b"5;x=\xff\r\nhello\r\n0\r\n\r\n",
    b"0\r\nX: y\r\n\r\n",
]


class HostileRequest(NamedTuple):
    """The bytes of a request. is_whole: whether a response is due, or the client leaves in the middle."""

    content: bytes
    is_whole: bool


def hostile_requests(count: int, seed: int) -> Iterator[HostileRequest]:
    """Yield so many requests, the same ones for the same seed."""
    source = random.Random(seed)
    for number in range(count):
        yield _noise(source) if number % 25 == 0 else _request(source)


def _request(source: random.Random) -> HostileRequest:
    """Return a request with one to three hostile parts, so that most come as far as a view."""
    hostile = set(
        source.sample(("method", "path", "query", "type", "header", "version", "body", "framing"), source.randint(1, 3))
    )
    path = source.choice(PATHS)
    method = (
        source.choice(METHODS) if "method" in hostile else b"POST" if "create" in path or "post" in path else b"GET"
    )
    suffix = source.choice(SUFFIXES) if "path" in hostile else b""
    query = b"?" + b"&".join(_pair(source) for _ in range(source.choice([1, 2, 3, 150]))) if "query" in hostile else b""
    extra = source.choice(HEADERS) if "header" in hostile else b""
    body, framing, is_whole = _framed(source, hostile)
    lines = [
        b"%s %s %s"
        % (method, path.encode() + suffix + query, source.choice(VERSIONS) if "version" in hostile else b"HTTP/1.1"),
        b"" if b"Host:" in extra else b"Host: 127.0.0.1",
        extra,
        b"Content-Type: " + source.choice(CONTENT_TYPES if "type" in hostile else CONTENT_TYPES[:1]),
        framing,
        b"Connection: close",
    ]
    return HostileRequest(b"\r\n".join([*filter(None, lines), b"", body]), is_whole)


def _framed(source: random.Random, hostile: set[str]) -> tuple[bytes, bytes, bool]:
    """Return a body, the header that says where it ends, and whether it is there until its end."""
    body = _body(source) if "body" in hostile else b"title=t&content=c"
    length = b"Content-Length: %d"
    if "framing" not in hostile:
        return body, length % len(body), True
    return source.choice(
        [
            (b"", b"", True),
            (body, length % (len(body) + 100), False),
            # What follows a length that is none may be taken for a body without an end, or for another request.
            (b"", b"Content-Length: " + source.choice(LENGTHS), False),
            (source.choice(CHUNKS), b"Transfer-Encoding: chunked", False),
        ]
    )


def _body(source: random.Random) -> bytes:
    form = b"&".join(_pair(source) for _ in range(source.choice([1, 2, 3, 120])))
    part = b'--b\r\nContent-Disposition: form-data; name="title"; filename="%s"\r\n\r\n%s\r\n'
    return source.choice(
        [
            *(form,) * 5,
            *(b'{"title": ', b'{"title": NaN}', b"[" * 5000, b'"\\ud800"', b"\x00" * 100, source.randbytes(500)),
            *(part % (b"x", b"y") + b"--b--", part % (b"../../x", b"\x00"), b"--b\r\n\r\n", b"--b" * 1000),
            *(part.replace(b' filename="%s"', b"") % source.choice(VALUES) + b"--b--\r\n", b"title=" + b"x" * 300_000),
        ]
    )


def _pair(source: random.Random) -> bytes:
    return source.choice(NAMES) + b"=" + source.choice(VALUES).replace(b" ", b"+")


def _noise(source: random.Random) -> HostileRequest:
    """Return what is no HTTP at all."""
    content = source.choice(
        [source.randbytes(200), b"\r\n" * 50, b"\x16\x03\x01\x02\x00", b"GET", b"\x00" * 100, b"GET / HTTP/1.1\r\nA: b"]
    )
    return HostileRequest(content, is_whole=False)
