"""What the server of the conformance table says, byte for byte, by path."""

import gzip
import zlib

import brotli

from tests.support.scripted_server import CLOSE, RESET, Asked, Step

TEXT = "Grüße, мир"


def answer(status: int = 200, body: bytes = b"ok", *lines: str) -> bytes:
    """With its length."""
    head = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def chunked(*chunks: bytes) -> bytes:
    """Of an answer with chunks."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body


def to(status: int, where: str) -> bytes:
    """A redirect."""
    return answer(status, b"moved", f"Location: {where}")


# By path.
ANSWERS: dict[str, list[Step]] = {
    "/ok": [answer()],
    "/empty": [answer(200, b"")],
    "/chunked": [chunked(b"o", b"k" * 5000)],
    "/until-close": [b"HTTP/1.1 200 OK\r\n\r\nok", CLOSE],
    "/closes": [answer(200, b"ok", "Connection: close"), CLOSE],
    "/http10": [b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", CLOSE],
    "/in-pieces": [b"HTTP/1.1 200 OK\r\nContent-", 0.05, b"Length: 4\r\n\r\no", 0.05, b"kok"],
    "/large": [answer(200, b"x" * 1_000_000)],
    "/interim": [b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: a\r\n\r\n" + answer()],
    "/no-reason": [b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"],
    "/many-fields": [answer(200, b"ok", *(f"X-{i}: {i}" for i in range(100)))],
    "/twice": [answer(200, b"ok", "X-A: 1", "x-a: 2", "X-Empty:", "X-Latin: \xe9", "X-Space:  a ")],
    "/utf-8": [answer(200, TEXT.encode(), "Content-Type: text/plain; charset=utf-8")],
    "/koi8": [answer(200, "мир".encode("koi8-r"), "Content-Type: text/plain; charset=koi8-r")],
    "/unknown-charset": [answer(200, TEXT.encode(), "Content-Type: text/plain; charset=klingon")],
    "/no-text-charset": [answer(200, TEXT.encode(), "Content-Type: text/plain; charset=zlib")],
    "/two-types": [answer(200, TEXT.encode(), "Content-Type: text/plain", "Content-Type: text/html")],
    "/undeclared": [answer(200, TEXT.encode() * 5)],
    "/json": [answer(200, b'{"a": [1]}', "Content-Type: application/json")],
    "/no-json": [answer(200, b"<html>", "Content-Type: application/json")],
    "/gzip": [answer(200, gzip.compress(b"ok" * 99, mtime=0), "Content-Encoding: gzip")],
    "/deflate": [answer(200, zlib.compress(b"ok" * 99), "Content-Encoding: deflate")],
    "/br": [answer(200, brotli.compress(b"ok" * 99), "Content-Encoding: br")],
    "/identity": [answer(200, b"ok", "Content-Encoding: identity")],
    "/bad-gzip": [answer(200, b"not gzip", "Content-Encoding: gzip")],
    "/bad-br": [answer(200, b"not brotli", "Content-Encoding: br")],
    "/zstd": [answer(200, b"ok", "Content-Encoding: zstd")],
    "/empty-gzip": [answer(200, b"", "Content-Encoding: gzip")],
    "/gzip-error": [answer(500, gzip.compress(b"broken" * 9, mtime=0), "Content-Encoding: gzip")],
    "/binary-error": [answer(500, b"\xff\xfe\x00broken")],
    "/moved-301": [to(301, "/ok")],
    "/moved-302": [to(302, "/ok")],
    "/moved-303": [to(303, "/ok")],
    "/moved-307": [to(307, "/echo")],
    "/moved-308": [to(308, "/echo")],
    "/moved-relative": [to(302, "ok?x=1")],
    "/moved-twice": [to(302, "/moved-302")],
    "/moved-to-error": [to(302, "/binary-error")],
    "/moved-nowhere": [answer(302, b"where?")],
    "/moved-and-closed": [answer(302, b"", "Location: /ok", "Connection: close"), CLOSE],
    "/loop": [to(302, "/loop")],
    "/ftp": [to(302, "ftp://127.0.0.1/")],
    "/bad-port": [to(302, "http://127.0.0.1:port/")],
    "/sets": [answer(200, b"ok", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/other")],
    "/sets-and-moves": [answer(302, b"", "Location: /ok", "Set-Cookie: seen=yes; Path=/")],
    "/unsets": [answer(200, b"ok", "Set-Cookie: a=; Path=/; Max-Age=0")],
    "/dropped": [CLOSE],
    "/reset": [RESET],
    "/half-head": [b"HTTP/1.1 200 OK\r\nContent-", CLOSE],
    "/half-body": [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", CLOSE],
    "/half-chunk": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok", CLOSE],
    "/rubbish": [b"SSH-2.0-OpenSSH_9.6\r\n", CLOSE],
    "/two-lengths": [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk"],
    "/silent": [5.0, CLOSE],
    "/surplus": [answer() + b"surplus"],
    "/lines": [chunked(b"one\ntw", "o ü\nthree".encode())],
}


def script(asked: Asked) -> list[Step]:
    """What the server says."""
    path = asked.path.removeprefix("http://").partition("/")[2] if asked.path.startswith("http://") else asked.path[1:]
    if path.startswith("status/"):
        status = int(path.removeprefix("status/"))
        return [f"HTTP/1.1 {status} X\r\n\r\n".encode() if status in {204, 304} else answer(status, b"said")]
    if path == "echo":
        return [answer(200, asked.body)]
    if path == "private":
        return [answer(200 if asked.headers.get("authorization") == "Basic bWU6c8OpY3JldA==" else 401)]
    told = ANSWERS.get(f"/{path}", [answer(404, b"no such path")])
    if asked.line.startswith("HEAD"):
        return [step.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if isinstance(step, bytes) else step for step in told]
    return told
