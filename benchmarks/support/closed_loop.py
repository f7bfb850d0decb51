"""A closed loop of requests to one URL: each connection sends the next request as soon as it has a response.

``python benchmarks/support/closed_loop.py URL --expect 200`` prints the responses per second, and the number of all
responses, with those of the warm-up. It is a program of its own, so that the caller can stop it, and so that gevent's
sockets are in no other program.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

import gevent
from geventhttpclient import HTTPClient

WARM_UP_S = 0.3
TIMEOUT_S = 30
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class UnexpectedResponseError(Exception):
    """The site sent another status than the expected one. Its arguments are the status and the start of the body."""


@dataclass
class Window:
    """Counts the responses between two times of time.monotonic(), begin and end."""

    begin: float
    end: float
    responses: int = 0
    all_responses: int = 0
    """Including those before begin and after end."""

    def is_open(self) -> bool:
        """Return whether the end has not come yet."""
        return time.monotonic() < self.end

    def add(self) -> None:
        """Count a response that has come now."""
        self.all_responses += 1
        if self.begin <= time.monotonic() < self.end:
            self.responses += 1

    @property
    def per_second(self) -> float:
        """Return the responses per second of all connections together."""
        return self.responses / (self.end - self.begin)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the rate and the number of responses. Return exit code 1 after a response that was not expected."""
    options = parser().parse_args(arguments)
    begin = time.monotonic() + WARM_UP_S
    window = Window(begin, begin + options.seconds)
    client = HTTPClient.from_url(
        options.url, concurrency=options.connections, connection_timeout=TIMEOUT_S, network_timeout=TIMEOUT_S
    )
    loops = [gevent.spawn(send_requests, client, options, window) for _ in range(options.connections)]
    try:
        gevent.joinall(loops, raise_error=True)
    except (OSError, UnexpectedResponseError) as error:
        print(f"{options.url}: {error!r}", file=sys.stderr)
        return 1
    print(window.per_second, window.all_responses)
    return 0


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("url")
    flags.add_argument("--expect", type=int, default=200, help="the status of every response (default: %(default)s)")
    flags.add_argument("--form", default="", help="url-encoded body of a POST (default: none, which sends a GET)")
    flags.add_argument(
        "--header", action="append", default=[], metavar="NAME:VALUE", help="a header field of every request"
    )
    flags.add_argument("--connections", type=int, default=10, help="number of connections (default: %(default)s)")
    flags.add_argument("--seconds", type=float, default=2, help="seconds to count (default: %(default)s)")
    return flags


def send_requests(client: HTTPClient, options: argparse.Namespace, window: Window) -> None:
    """Send the requests of one connection until the window ends. Raise OSError and UnexpectedResponseError."""
    target = "/" + options.url.split("/", 3)[3]
    method = "POST" if options.form else "GET"
    headers = {**(FORM if options.form else {}), **dict(field.split(":", 1) for field in options.header)}
    while window.is_open():
        response = client.request(method, target, options.form.encode(), headers)
        body = response.read()
        if response.status_code != options.expect:
            raise UnexpectedResponseError(response.status_code, bytes(body[:300]))
        window.add()


if __name__ == "__main__":
    sys.exit(main())
