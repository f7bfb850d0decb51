"""What a hostile server may answer: bytes, pauses and ends, some of them without end, by name."""

import gzip
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache

import brotli

from tests.support.responses import chunked, http_response, redirect
from tests.support.scripted_server import CLOSE, END_TLS, RESET, Step

OK = b"HTTP/1.1 200 OK\r\n"
BOMB_MB = 300
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@dataclass(frozen=True)
class Answer:
    """An answer: what is sent, and the kind of failure it has to be, "" for a success.

    stream_kind: the kind where the head alone counts, which is all that a request event with ``stream=True`` reports.
    tls_kind: the kind with TLS, where it is another. slow: it has to be ended by the deadline. heavy: it sends, or
    decodes to, hundreds of megabytes. leads_away: it redirects to a host that a proxy would have to know.
    """

    steps: Callable[[], Iterable[Step]]
    kind: str
    stream_kind: str = ""
    tls_kind: str | None = None
    slow: bool = False
    heavy: bool = False
    leads_away: bool = False


def endless(first: bytes, again: bytes) -> Callable[[], Iterator[Step]]:
    """Return steps that send a beginning, and then the same bytes for ever."""

    def steps() -> Iterator[Step]:
        yield first
        while True:
            yield again

    return steps


def dripping(first: bytes, piece: bytes) -> Callable[[], Iterator[Step]]:
    """Return steps that send a beginning, and then the same few bytes ten times a second for ever."""

    def steps() -> Iterator[Step]:
        yield first
        while True:
            yield piece
            yield 0.1

    return steps


def once(*steps: Step) -> Callable[[], Iterable[Step]]:
    """Return steps that are carried out once."""
    return lambda: steps


@cache
def bomb_body(coding: str) -> bytes:
    """Return BOMB_MB of zeros in a content coding."""
    return BOMBS[coding]()


def bomb(coding: str) -> Callable[[], Iterable[Step]]:
    """Return steps that send a small body which decodes to more than any may."""

    def steps() -> Iterable[Step]:
        return [http_response(200, bomb_body(coding), f"Content-Encoding: {coding}")]

    return steps


def _compressed(compressor: "zlib._Compress") -> bytes:
    megabyte = bytes(1024 * 1024)
    return b"".join(compressor.compress(megabyte) for _ in range(BOMB_MB)) + compressor.flush()


def _brotli() -> bytes:
    compressor, megabyte = brotli.Compressor(quality=1), bytes(1024 * 1024)
    body: bytes = b"".join(compressor.process(megabyte) for _ in range(BOMB_MB)) + compressor.finish()
    return body


BOMBS: dict[str, Callable[[], bytes]] = {
    "gzip": lambda: _compressed(zlib.compressobj(9, zlib.DEFLATED, 31)),
    "deflate": lambda: _compressed(zlib.compressobj(9, zlib.DEFLATED, 15)),
    "br": _brotli,
}

PROTOCOL, DROPPED, TIMEOUT = "protocol_error", "connection_dropped", "timeout"
TLS, REFUSED = "tls_failure", "unreachable"


def _bad_head(steps: Callable[[], Iterable[Step]], kind: str = PROTOCOL, *, slow: bool = False) -> Answer:
    return Answer(steps, kind, kind, slow=slow)


ANSWERS: dict[str, Answer] = {
    "fine": Answer(once(http_response()), ""),
    # Heads
    "endless fields": _bad_head(endless(OK, b"X-A: b\r\n" * 1000)),
    "an endless field": _bad_head(endless(OK + b"X-A: ", b"b" * 8000)),
    "an endless name": _bad_head(endless(OK, b"b" * 8000)),
    "an endless status line": _bad_head(endless(b"HTTP/1.1 200 ", b"b" * 8000)),
    "endless interim responses": _bad_head(endless(b"", b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n" * 200)),
    "endless empty lines": _bad_head(endless(b"", b"\r\n" * 4000)),
    "a head that drips": _bad_head(dripping(OK, b"X-A: b\r\n"), TIMEOUT, slow=True),
    "interim responses that drip": _bad_head(dripping(b"", b"HTTP/1.1 102 X\r\n\r\n"), TIMEOUT, slow=True),
    "no answer": _bad_head(once(3600.0), TIMEOUT, slow=True),
    "closed without an answer": _bad_head(once(CLOSE), DROPPED),
    "reset without an answer": _bad_head(once(RESET), DROPPED),
    "half a head": _bad_head(once(OK + b"Content-", CLOSE), DROPPED),
    "an interim response, then the end": _bad_head(once(b"HTTP/1.1 100 Continue\r\n\r\n", CLOSE), DROPPED),
    "NUL in a value": _bad_head(once(OK + b"X-A: a\0b\r\nContent-Length: 2\r\n\r\nok", CLOSE)),
    "NUL in a name": _bad_head(once(OK + b"X\0A: b\r\nContent-Length: 2\r\n\r\nok", CLOSE)),
    "CR in a value": _bad_head(once(OK + b"X-A: a\rb\r\nContent-Length: 2\r\n\r\nok", CLOSE)),
    "no colon": _bad_head(once(OK + b"X-A b\r\nContent-Length: 2\r\n\r\nok", CLOSE)),
    "a status line of rubbish": _bad_head(once(b"HTTP/1.1 rubbish\r\n\r\n", CLOSE)),
    "a status of four digits": _bad_head(once(b"HTTP/1.1 2000 OK\r\nContent-Length: 2\r\n\r\nok", CLOSE)),
    "a negative status": _bad_head(once(b"HTTP/1.1 -1 OK\r\nContent-Length: 2\r\n\r\nok", CLOSE)),
    "HTTP/0.9": _bad_head(once(b"<html>hello", CLOSE)),
    "HTTP/2's preface": _bad_head(once(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", CLOSE)),
    "HTTP/2's frames": _bad_head(once(b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0d\0\x04\0\x10\0\0", CLOSE)),
    "HTTP/3.7": _bad_head(once(b"HTTP/3.7 200 OK\r\nContent-Length: 2\r\n\r\nok", CLOSE)),
    "another protocol": _bad_head(once(b"SSH-2.0-OpenSSH_9.6\r\n", CLOSE)),
    "TLS within": _bad_head(once(b"\x15\x03\x01\0\x02\x02\x28", CLOSE)),
    "an upgrade": _bad_head(once(b"HTTP/1.1 101 X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nxx", CLOSE)),
    # Lengths
    "two lengths": _bad_head(once(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nokk", CLOSE)),
    "a negative length": _bad_head(once(OK + b"Content-Length: -2\r\n\r\nok", CLOSE)),
    "a length in hex": _bad_head(once(OK + b"Content-Length: 0x2\r\n\r\nok", CLOSE)),
    "a length beyond 64 bits": _bad_head(once(OK + b"Content-Length: 99999999999999999999999\r\n\r\nok", CLOSE)),
    "a length and chunks": _bad_head(
        once(OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", CLOSE)
    ),
    "until the end, which TLS confirms": Answer(once(OK + b"\r\nok", END_TLS), ""),
    "until the end, which TLS does not confirm": Answer(once(OK + b"\r\nok", CLOSE), "", tls_kind=DROPPED),
    "a length, and an end that TLS does not confirm": Answer(once(http_response(), CLOSE), ""),
    "less than the length, in good order": Answer(once(OK + b"Content-Length: 9\r\n\r\nok", END_TLS), DROPPED),
    "less than the length": Answer(once(OK + b"Content-Length: 9\r\n\r\nok", CLOSE), DROPPED),
    "more than the length": Answer(once(http_response() + b"surplus"), ""),
    "two responses": Answer(once(http_response() + http_response(500, b"stolen")), ""),
    "204 with a body": Answer(once(b"HTTP/1.1 204 X\r\nContent-Length: 2\r\n\r\nok", CLOSE), ""),
    "304 with a body": Answer(once(b"HTTP/1.1 304 X\r\nContent-Length: 2\r\n\r\nok", CLOSE), ""),
    # Chunks
    "chunks": Answer(once(chunked(b"o", b"k")), ""),
    "a negative chunk": Answer(once(CHUNKED + b"-2\r\nok\r\n0\r\n\r\n", CLOSE), PROTOCOL),
    "a chunk beyond 64 bits": Answer(once(CHUNKED + b"FFFFFFFFFFFFFFFFF\r\nok", CLOSE), PROTOCOL),
    "a chunk without its end": Answer(once(CHUNKED + b"2\r\nokk\r\n0\r\n\r\n", CLOSE), PROTOCOL),
    "chunks that end early": Answer(once(CHUNKED + b"9\r\nok", CLOSE), DROPPED),
    "an endless chunk extension": Answer(endless(CHUNKED + b"2;", b"a" * 65536), PROTOCOL, heavy=True),
    "endless trailers": Answer(endless(CHUNKED + b"2\r\nok\r\n0\r\n", b"X-A: b\r\n" * 8000), PROTOCOL, heavy=True),
    # Bodies
    "an endless body": Answer(endless(OK + b"\r\n", b"b" * 262_144), PROTOCOL, heavy=True),
    "endless chunks": Answer(endless(CHUNKED, b"10000\r\n" + b"b" * 65536 + b"\r\n"), PROTOCOL, heavy=True),
    "a huge length": Answer(endless(OK + b"Content-Length: 9999999999\r\n\r\n", b"b" * 262_144), PROTOCOL, heavy=True),
    "a body that drips": Answer(dripping(OK + b"Content-Length: 100000\r\n\r\n", b"b"), TIMEOUT, slow=True),
    "chunks that drip": Answer(dripping(CHUNKED, b"1\r\nb\r\n"), TIMEOUT, slow=True),
    "a body that stops": Answer(once(OK + b"Content-Length: 9\r\n\r\nok", 3600.0), TIMEOUT, slow=True),
    "trailers that drip": Answer(dripping(CHUNKED + b"2\r\nok\r\n0\r\n", b"X-A: b\r\n"), TIMEOUT, slow=True),
    # Content codings
    "no gzip": Answer(once(http_response(200, b"not gzip", "Content-Encoding: gzip")), PROTOCOL),
    "gzip that ends early": Answer(
        once(http_response(200, gzip.compress(b"x" * 1000)[:-9], "Content-Encoding: gzip")), PROTOCOL
    ),
    "an unknown coding": Answer(once(http_response(200, b"x", "Content-Encoding: klingon")), PROTOCOL),
    "a thousand codings": Answer(
        once(http_response(200, b"x", "Content-Encoding: " + "gzip, " * 1000 + "gzip")), PROTOCOL
    ),
    "a gzip bomb": Answer(bomb("gzip"), PROTOCOL, heavy=True),
    "a deflate bomb": Answer(bomb("deflate"), PROTOCOL, heavy=True),
    "a brotli bomb": Answer(bomb("br"), PROTOCOL, heavy=True),
    # Redirects
    "a redirect without end": _bad_head(once(redirect(302, "/a%20redirect%20without%20end"))),
    "a redirect to a file": _bad_head(once(redirect(302, "file:///etc/passwd"))),
    "a redirect to a bad port": _bad_head(once(redirect(302, "https://127.0.0.1:99999/")), "no_response"),
    "a redirect to nowhere": Answer(
        once(redirect(302, "https://no-such-host.invalid/")), "dns_failure", "dns_failure", leads_away=True
    ),
}

# Before the request: instead of a TLS handshake, or of an answer to CONNECT.
HANDSHAKES: dict[str, Answer] = {
    "silence": Answer(once(3600.0), TIMEOUT, slow=True),
    "a handshake that drips": Answer(dripping(b"\x16\x03\x03\x40\0\x02\0\x3f\xfc", b"\x03"), TIMEOUT, slow=True),
    "closed": Answer(once(CLOSE), DROPPED),
    "reset": Answer(once(RESET), DROPPED),
    "rubbish": Answer(once(b"rubbish" * 100, CLOSE), TLS),
    "endless rubbish": Answer(endless(b"", b"rubbish" * 1000), TLS),
    "HTTP without TLS": Answer(once(http_response(400), CLOSE), TLS),
    "an alert": Answer(once(b"\x15\x03\x03\0\x02\x02\x28", CLOSE), TLS),
    "endless warnings": Answer(endless(b"", b"\x15\x03\x03\0\x02\x01\x5a" * 1000), TLS),
    "endless empty records": Answer(endless(b"", b"\x16\x03\x03\0\0" * 1000), TLS),
    "endless changes of the cipher": Answer(endless(b"", b"\x14\x03\x03\0\x01\x01" * 1000), TLS),
    "a record that is too long": Answer(endless(b"\x16\x03\x03\xff\xff", b"x" * 8000), TLS),
}

TUNNELS: dict[str, Answer] = {
    **{
        name: answer
        for name, answer in ANSWERS.items()
        if answer.kind == answer.stream_kind and answer.kind and "redirect" not in name
    },
    "refused": Answer(once(http_response(407, b"", "Proxy-Authenticate: Basic"), CLOSE), REFUSED),
    "bad gateway": Answer(once(http_response(502, b"x" * 100_000), CLOSE), REFUSED),
    "a redirect": Answer(once(redirect(302, "/")), REFUSED),
    "opened, then closed": Answer(once(b"HTTP/1.1 200 OK\r\n\r\n", CLOSE), DROPPED),
    "opened, then silence": Answer(once(b"HTTP/1.1 200 OK\r\n\r\n", 3600.0), TIMEOUT, slow=True),
    # It stays open: closing it would take the rubbish back where the client is slow to send its part of the handshake.
    "opened, then rubbish": Answer(once(b"HTTP/1.1 200 OK\r\n\r\n", 0.2, b"rubbish" * 100, 3600.0), TLS),
    "opened with a body": Answer(once(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", CLOSE), DROPPED),
}
