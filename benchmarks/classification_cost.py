"""Measure what classifying failures costs, and whether a day of errors takes memory.

Run it with ``python benchmarks/classification_cost.py``.

Our request listener and Locust's own get the same events in turns: a success, and failures of all sorts. Each failure
has a number that no other has, so that nothing is remembered. Then a day of failures that are all different is
simulated, and the memory after its first hour is compared with that at its end.
"""

import argparse
import gc
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from typing import Any

from locust import events
from locust.contrib.fasthttp import LocustBadStatusCode
from locust.env import Environment
from locust.exception import CatchResponseError

from locust_asyncdjango import plugin
from locust_asyncdjango.client.exceptions import status_error
from support.harness import run, spread

NAME, URL = "/io_read/", "http://127.0.0.1:8000/io_read/"
PROBLEM = {"Content-Type": "application/problem+json"}
HTML = {"Content-Type": "text/html; charset=utf-8"}


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured: rounds of each case, events of each round, and failures of each simulated hour."""

    rounds: int
    events: int
    per_hour: int


@dataclass
class Response:
    """The response that a listener gets from one of Locust's own user classes."""

    status_code: int
    headers: dict[str, str]
    content: bytes
    url: str = URL


Event = dict[str, Any]


def request_event(exception: BaseException | None = None, response: Response | None = None) -> Event:
    """Return a request event as Locust's clients fire it."""
    return {
        "request_type": "GET",
        "name": NAME,
        "response_time": 12.3,
        "response_length": 30,
        "exception": exception,
        "response": response,
        "context": {},
        "start_time": 0.0,
        "url": URL,
    }


def problem(n: int) -> bytes:
    """Return the body of a problem as the target site sends it."""
    detail = f"sorry, too many clients already, {n}"
    exception = "django.db.utils.OperationalError"
    return f'{{"title": "Internal Server Error", "exception": "{exception}", "detail": "{detail}"}}'.encode()


def debug_page(n: int) -> bytes:
    """Return a debug page of Django of 60 kB."""
    head = (
        b"<!DOCTYPE html><html><head><title>OperationalError at /io_read/</title></head><body>"
        + b"<style>a</style>" * 500
    )
    value = f'<pre class="exception_value">connection failed: FATAL:  sorry, too many clients already, {n}</pre>'
    place = '<th>Exception Location:</th><td><span class="fname">/site-packages/psycopg/connection.py</span>'
    return head + value.encode() + place.encode() + b"<td>DATABASES</td>" * 2800


BARE_PAGE = b"<h1>Server Error (500)</h1><p></p>"
HEAD = b"HTTP/1.1 500 X\r\nContent-Type: application/problem+json\r\n\r\n"


def fast_user_event(content: bytes) -> Event:
    """Return the event of a FastUser, which classifies the response itself."""
    return request_event(status_error(URL, 500, HEAD, content), None)


@dataclass(frozen=True, slots=True)
class Case:
    """A case to measure.

    prepare: makes a value from a number, before the clock runs. event: makes the event from it, while the clock runs.
    """

    name: str
    prepare: Callable[[int], Any]
    event: Callable[[Any], Event] = lambda event: event


CASES = (
    Case("a success", lambda _: request_event(None, Response(200, {}, b"[]"))),
    Case("connection refused", lambda _: request_event(ConnectionRefusedError(111, "Connection refused"))),
    Case(
        "JSON problem", lambda n: request_event(LocustBadStatusCode(URL, code=500), Response(500, PROBLEM, problem(n)))
    ),
    Case("JSON problem, FastUser", problem, fast_user_event),
    Case("JSON problem, FastUser, the same again", lambda _: problem(0), fast_user_event),
    Case(
        "Django's bare page",
        lambda _: request_event(LocustBadStatusCode(URL, code=500), Response(500, HTML, BARE_PAGE)),
    ),
    Case(
        "Django's debug page, 60 kB",
        lambda n: request_event(LocustBadStatusCode(URL, code=500), Response(500, HTML, debug_page(n))),
    ),
    Case(
        "an unknown text",
        lambda n: request_event(
            LocustBadStatusCode(URL, code=500), Response(500, {}, b"nobody knows what went wrong in %d" % n)
        ),
    ),
    Case(
        "a failed check", lambda n: request_event(CatchResponseError(f"no posts on page {n}"), Response(200, {}, b"[]"))
    ),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the tables, and return the exit code."""
    return run("classification_cost", arguments, parse, measure)


def parse(arguments: Sequence[str] | None) -> Options:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="of each case (default: %(default)s)")
    parser.add_argument("--events", type=int, default=2000, help="of each round (default: %(default)s)")
    parser.add_argument(
        "--per-hour", type=int, default=2000, help="failures of the simulated day (default: %(default)s)"
    )
    parsed = parser.parse_args(arguments)
    return Options(parsed.rounds, parsed.events, parsed.per_hour)


def measure(options: Options, _folder: Path) -> None:
    """Print what classifying an event costs in time, and what a long run costs in memory."""
    locusts, ours = listeners()
    print("{:40} {:>22} {:>22} {:>6}".format("microseconds an event", "our listener", "Locust's own", "ratio"))
    for case in CASES:
        numbers = count()
        took: dict[str, list[float]] = {"locusts": [], "ours": []}
        for turn in range(options.rounds):
            order = [("locusts", locusts), ("ours", ours)]
            for side, listener in order if turn % 2 else order[::-1]:
                took[side].append(per_event_us(listener, case, numbers, options.events, with_client=side == "ours"))
        ratio = median(took["ours"]) / median(took["locusts"])
        print(f"{case.name:40} {spread(took['ours'], 1):>22} {spread(took['locusts'], 1):>22} {ratio:6.1f}")
    print_memory_of_a_day(ours, options.per_hour)


def listeners() -> tuple[Callable[..., None], Callable[..., None]]:
    """Return Locust's own listener and ours, of an environment like that of a run."""
    environment = Environment(events=events)
    environment.create_local_runner()
    locusts = events.request._handlers[-1]
    plugin.on_init(environment)
    return locusts, events.request._handlers[-1]


def per_event_us(
    listener: Callable[..., None], case: Case, numbers: "count[int]", how_many: int, *, with_client: bool
) -> float:
    """Return the processor time of a listener in microseconds per event.

    with_client: include what the client does to classify the failure.
    """
    values = [case.prepare(next(numbers)) for _ in range(how_many)]
    event = case.event
    if not with_client:
        values, event = [event(value) for value in values], lambda event: event
    gc.collect()
    begun = time.process_time()
    for value in values:
        listener(**event(value))
    return (time.process_time() - begun) / how_many * 1e6


def print_memory_of_a_day(ours: Callable[..., None], per_hour: int) -> None:
    """Simulate a day of failures whose messages differ in letters, which are not folded, and print the memory kept."""
    letters = count()
    tracemalloc.start()
    after: list[int] = []
    for _ in range(24):
        for _ in range(per_hour):
            text = "".join(chr(97 + int(digit)) for digit in str(next(letters)))
            ours(
                **request_event(
                    LocustBadStatusCode(URL, code=500), Response(500, {}, f"it went wrong in {text}".encode())
                )
            )
        gc.collect()
        after.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    print(
        f"a day of {24 * per_hour} different failures: {after[0] / 1e6:.2f} MB kept after the first hour,"
        f" {after[-1] / 1e6:.2f} MB at the end, ratio {after[-1] / after[0]:.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
