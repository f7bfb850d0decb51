"""An HTTP server in a thread of the test's own process, which answers with what a test gives it."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Responses = Mapping[str, tuple[int, bytes]]


class HttpSite:
    """The URL of a server that runs, and what it was sent: method, path, body and headers of each request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[tuple[str, str, bytes]] = []
        self.headers: list[Message] = []


@contextmanager
def http_site(responses: Responses, headers: Mapping[str, str] | None = None) -> Iterator[HttpSite]:
    """Serve responses, by path with its query, on a free port; 404 for any other path. headers: of each response."""

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            site.requests.append((self.command, self.path, body))
            site.headers.append(self.headers)
            status, content = responses.get(self.path, (404, b""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = respond  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        site = HttpSite(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield site
        finally:
            server.shutdown()
            thread.join()
