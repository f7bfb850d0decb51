"""A closed loop of requests to one URL: each connection asks again as soon as it has its answer.

``python benchmarks/closed_loop.py URL --expect 200`` prints the answers per second, and how many
there were with those of the warm-up. A program of its own, so that what
starts it can stop it, and so that gevent's sockets are nobody else's.
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


class UnexpectedAnswerError(Exception):
    """The site answered something else than it is measured for."""


@dataclass
class Window:
    """Counts the answers between two moments of time.monotonic()."""

    begin: float
    end: float
    answers: int = 0
    all_answers: int = 0
    """With those before and after."""

    def is_open(self) -> bool:
        """Whether it still makes sense to ask."""
        return time.monotonic() < self.end

    def add(self) -> None:
        """An answer has come, now."""
        self.all_answers += 1
        if self.begin <= time.monotonic() < self.end:
            self.answers += 1

    @property
    def per_second(self) -> float:
        """Of all connections together."""
        return self.answers / (self.end - self.begin)


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints the rate; exit code 1 for an answer that was not expected."""
    options = parser().parse_args(arguments)
    begin = time.monotonic() + WARM_UP_S
    window = Window(begin, begin + options.seconds)
    client = HTTPClient.from_url(
        options.url, concurrency=options.connections, connection_timeout=TIMEOUT_S, network_timeout=TIMEOUT_S
    )
    loops = [gevent.spawn(ask, client, options, window) for _ in range(options.connections)]
    try:
        gevent.joinall(loops, raise_error=True)
    except (OSError, UnexpectedAnswerError) as error:
        print(f"{options.url}: {error!r}", file=sys.stderr)
        return 1
    print(window.per_second, window.all_answers)
    return 0


def parser() -> argparse.ArgumentParser:
    """The flags."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("url")
    flags.add_argument("--expect", type=int, default=200, help="the status of every answer (default: %(default)s)")
    flags.add_argument("--form", default="", help="sent as the body of a POST, url-encoded; without it GET")
    flags.add_argument("--connections", type=int, default=10, help="how many (default: %(default)s)")
    flags.add_argument("--seconds", type=float, default=2, help="how long to count (default: %(default)s)")
    return flags


def ask(client: HTTPClient, options: argparse.Namespace, window: Window) -> None:
    """One connection's requests until the window closes. Raises OSError and UnexpectedAnswerError."""
    target = "/" + options.url.split("/", 3)[3]
    method, headers = ("POST", FORM) if options.form else ("GET", {})
    while window.is_open():
        response = client.request(method, target, options.form.encode(), headers)
        body = response.read()
        if response.status_code != options.expect:
            raise UnexpectedAnswerError(response.status_code, bytes(body[:300]))
        window.add()


if __name__ == "__main__":
    sys.exit(main())
