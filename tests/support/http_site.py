"""An HTTP server in a thread of the test's own process, which answers with what a test gives it."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Responses = Mapping[str, tuple[int, bytes]]


class HttpSite:
    """The URL of a server that runs, and what it was sent: method, path and body of each request."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[tuple[str, str, bytes]] = []


@contextmanager
def http_site(responses: Responses) -> Iterator[HttpSite]:
    """Serve responses, by path with its query, on a free port; 404 for any other path."""

    class Handler(BaseHTTPRequestHandler):
        def respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            site.requests.append((self.command, self.path, body))
            status, content = responses.get(self.path, (404, b""))
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
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
