"""The responses of the conformance tests' server, byte for byte, by path."""

import gzip
import zlib

import brotli

from tests.support.scripted_server import CLOSE, RESET, ReceivedRequest, Step

TEXT = "Grüße, мир"


def http_response(status: int = 200, body: bytes = b"ok", *lines: str) -> bytes:
    """Return a response with these header lines and the length of its body."""
    head = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *lines, "", ""]
    return "\r\n".join(head).encode("latin-1") + body


def chunked(*chunks: bytes) -> bytes:
    """Return a response with Transfer-Encoding: chunked."""
    body = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body


def redirect(status: int, where: str) -> bytes:
    """Return a redirect to a location."""
    return http_response(status, b"moved", f"Location: {where}")


RESPONSES: dict[str, list[Step]] = {
    "/ok": [http_response()],
    "/empty": [http_response(200, b"")],
    "/chunked": [chunked(b"o", b"k" * 5000)],
    "/until-close": [b"HTTP/1.1 200 OK\r\n\r\nok", CLOSE],
    "/closes": [http_response(200, b"ok", "Connection: close"), CLOSE],
    "/http10": [b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", CLOSE],
    "/in-pieces": [b"HTTP/1.1 200 OK\r\nContent-", 0.05, b"Length: 4\r\n\r\no", 0.05, b"kok"],
    "/large": [http_response(200, b"x" * 1_000_000)],
    "/interim": [b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nLink: a\r\n\r\n" + http_response()],
    "/no-reason": [b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"],
    "/many-fields": [http_response(200, b"ok", *(f"X-{i}: {i}" for i in range(100)))],
    "/twice": [http_response(200, b"ok", "X-A: 1", "x-a: 2", "X-Empty:", "X-Latin: \xe9", "X-Space:  a ")],
    "/utf-8": [http_response(200, TEXT.encode(), "Content-Type: text/plain; charset=utf-8")],
    "/koi8": [http_response(200, "мир".encode("koi8-r"), "Content-Type: text/plain; charset=koi8-r")],
    "/unknown-charset": [http_response(200, TEXT.encode(), "Content-Type: text/plain; charset=klingon")],
    "/no-text-charset": [http_response(200, TEXT.encode(), "Content-Type: text/plain; charset=zlib")],
    "/two-types": [http_response(200, TEXT.encode(), "Content-Type: text/plain", "Content-Type: text/html")],
    "/undeclared": [http_response(200, TEXT.encode() * 5)],
    "/json": [http_response(200, b'{"a": [1]}', "Content-Type: application/json")],
    "/no-json": [http_response(200, b"<html>", "Content-Type: application/json")],
    "/gzip": [http_response(200, gzip.compress(b"ok" * 99, mtime=0), "Content-Encoding: gzip")],
    "/deflate": [http_response(200, zlib.compress(b"ok" * 99), "Content-Encoding: deflate")],
    "/br": [http_response(200, brotli.compress(b"ok" * 99), "Content-Encoding: br")],
    "/identity": [http_response(200, b"ok", "Content-Encoding: identity")],
    "/bad-gzip": [http_response(200, b"not gzip", "Content-Encoding: gzip")],
    "/bad-br": [http_response(200, b"not brotli", "Content-Encoding: br")],
    "/zstd": [http_response(200, b"ok", "Content-Encoding: zstd")],
    "/empty-gzip": [http_response(200, b"", "Content-Encoding: gzip")],
    "/gzip-error": [http_response(500, gzip.compress(b"broken" * 9, mtime=0), "Content-Encoding: gzip")],
    "/binary-error": [http_response(500, b"\xff\xfe\x00broken")],
    "/moved-301": [redirect(301, "/ok")],
    "/moved-302": [redirect(302, "/ok")],
    "/moved-303": [redirect(303, "/ok")],
    "/moved-307": [redirect(307, "/echo")],
    "/moved-308": [redirect(308, "/echo")],
    "/moved-relative": [redirect(302, "ok?x=1")],
    "/moved-twice": [redirect(302, "/moved-302")],
    "/moved-to-error": [redirect(302, "/binary-error")],
    "/moved-nowhere": [http_response(302, b"where?")],
    "/moved-and-closed": [http_response(302, b"", "Location: /ok", "Connection: close"), CLOSE],
    "/loop": [redirect(302, "/loop")],
    "/ftp": [redirect(302, "ftp://127.0.0.1/")],
    "/bad-port": [redirect(302, "http://127.0.0.1:port/")],
    "/sets": [http_response(200, b"ok", "Set-Cookie: a=1; Path=/", "Set-Cookie: b=2; Path=/other")],
    "/sets-and-moves": [http_response(302, b"", "Location: /ok", "Set-Cookie: seen=yes; Path=/")],
    "/unsets": [http_response(200, b"ok", "Set-Cookie: a=; Path=/; Max-Age=0")],
    "/dropped": [CLOSE],
    "/reset": [RESET],
    "/half-head": [b"HTTP/1.1 200 OK\r\nContent-", CLOSE],
    "/half-body": [b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok", CLOSE],
    "/half-chunk": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nok", CLOSE],
    "/rubbish": [b"SSH-2.0-OpenSSH_9.6\r\n", CLOSE],
    "/two-lengths": [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk"],
    "/silent": [5.0, CLOSE],
    "/surplus": [http_response() + b"surplus"],
    "/lines": [chunked(b"one\ntw", "o ü\nthree".encode())],
}


def respond(received: ReceivedRequest) -> list[Step]:
    """Return the steps of the server for a request; a response to HEAD is without its body."""
    path = (
        received.path.removeprefix("http://").partition("/")[2]
        if received.path.startswith("http://")
        else received.path[1:]
    )
    if path.startswith("status/"):
        status = int(path.removeprefix("status/"))
        return [f"HTTP/1.1 {status} X\r\n\r\n".encode() if status in {204, 304} else http_response(status, b"said")]
    if path == "echo":
        return [http_response(200, received.body)]
    if path == "private":
        return [http_response(200 if received.headers.get("authorization") == "Basic bWU6c8OpY3JldA==" else 401)]
    steps = RESPONSES.get(f"/{path}", [http_response(404, b"no such path")])
    if received.line.startswith("HEAD"):
        return [step.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if isinstance(step, bytes) else step for step in steps]
    return steps
