"""What do kinds cost, and does a day of errors take memory? ``python benchmarks/failures.py``.

The time that our request listener takes is set beside that of Locust's own, on the same events, in turns: a success and
failures of all sorts, each with a number that no other has, so that nothing is remembered. Then a day of nothing but
different failures is simulated, and the memory after its first hour is set beside that at its end.
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
    """How much is measured."""

    rounds: int
    events: int
    per_hour: int


@dataclass
class Answer:
    """What a stock user's listener sees."""

    status_code: int
    headers: dict[str, str]
    content: bytes
    url: str = URL


Event = dict[str, Any]


def of(exception: BaseException | None = None, answer: Answer | None = None) -> Event:
    """As Locust's clients fire it."""
    return {
        "request_type": "GET",
        "name": NAME,
        "response_time": 12.3,
        "response_length": 30,
        "exception": exception,
        "response": answer,
        "context": {},
        "start_time": 0.0,
        "url": URL,
    }


def problem(n: int) -> bytes:
    """The target site's."""
    detail = f"sorry, too many clients already, {n}"
    exception = "django.db.utils.OperationalError"
    return f'{{"title": "Internal Server Error", "exception": "{exception}", "detail": "{detail}"}}'.encode()


def debug_page(n: int) -> bytes:
    """Django's, of 60 kB."""
    head = (
        b"<!DOCTYPE html><html><head><title>OperationalError at /io_read/</title></head><body>"
        + b"<style>a</style>" * 500
    )
    value = f'<pre class="exception_value">connection failed: FATAL:  sorry, too many clients already, {n}</pre>'
    place = '<th>Exception Location:</th><td><span class="fname">/site-packages/psycopg/connection.py</span>'
    return head + value.encode() + place.encode() + b"<td>DATABASES</td>" * 2800


HEAD = b"HTTP/1.1 500 X\r\nContent-Type: application/problem+json\r\n\r\n"


def named_by_client(content: bytes) -> Event:
    """As FastUser fires it, which has classified the answer."""
    return of(status_error(URL, 500, HEAD, content), None)


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured. made: a value by number, beforehand. event: of that value, while the clock runs."""

    name: str
    made: Callable[[int], Any]
    event: Callable[[Any], Event] = lambda event: event


CASES = (
    Case("a success", lambda _: of(None, Answer(200, {}, b"[]"))),
    Case("connection refused", lambda _: of(ConnectionRefusedError(111, "Connection refused"))),
    Case("JSON problem", lambda n: of(LocustBadStatusCode(URL, code=500), Answer(500, PROBLEM, problem(n)))),
    Case("JSON problem, FastUser", problem, named_by_client),
    Case("JSON problem, FastUser, the same again", lambda _: problem(0), named_by_client),
    Case(
        "Django's bare page",
        lambda _: of(LocustBadStatusCode(URL, code=500), Answer(500, HTML, b"<h1>Server Error (500)</h1><p></p>")),
    ),
    Case(
        "Django's debug page, 60 kB", lambda n: of(LocustBadStatusCode(URL, code=500), Answer(500, HTML, debug_page(n)))
    ),
    Case(
        "an unknown text",
        lambda n: of(LocustBadStatusCode(URL, code=500), Answer(500, {}, b"nobody knows what went wrong in %d" % n)),
    ),
    Case("a failed check", lambda n: of(CatchResponseError(f"no posts on page {n}"), Answer(200, {}, b"[]"))),
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures and prints."""
    return run("failures", arguments, parse, measure)


def parse(arguments: Sequence[str] | None) -> Options:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="of each case (default: %(default)s)")
    parser.add_argument("--events", type=int, default=2000, help="of each round (default: %(default)s)")
    parser.add_argument(
        "--per-hour", type=int, default=2000, help="failures of the simulated day (default: %(default)s)"
    )
    given = parser.parse_args(arguments)
    return Options(given.rounds, given.events, given.per_hour)


def measure(options: Options, _folder: Path) -> None:
    """Both tables."""
    locusts, ours = listeners()
    print("{:40} {:>22} {:>22} {:>6}".format("microseconds an event", "our listener", "Locust's own", "ratio"))
    for case in CASES:
        numbers = count()
        took: dict[str, list[float]] = {"locusts": [], "ours": []}
        for turn in range(options.rounds):
            order = [("locusts", locusts), ("ours", ours)]
            for side, listener in order if turn % 2 else order[::-1]:
                took[side].append(per_event_us(listener, case, numbers, options.events, named=side == "ours"))
        ratio = median(took["ours"]) / median(took["locusts"])
        print(f"{case.name:40} {spread(took['ours'], 1):>22} {spread(took['locusts'], 1):>22} {ratio:6.1f}")
    a_day(ours, options.per_hour)


def listeners() -> tuple[Callable[..., None], Callable[..., None]]:
    """Locust's own, and ours, of an environment that is like a run's."""
    environment = Environment(events=events)
    environment.create_local_runner()
    locusts = events.request._handlers[-1]
    plugin.on_init(environment)
    return locusts, events.request._handlers[-1]


def per_event_us(
    listener: Callable[..., None], case: Case, numbers: "count[int]", how_many: int, *, named: bool
) -> float:
    """Processor time of a listener. named: with what a client does to name the failure."""
    made = [case.made(next(numbers)) for _ in range(how_many)]
    event = case.event
    if not named:
        made, event = [event(value) for value in made], lambda event: event
    gc.collect()
    begun = time.process_time()
    for value in made:
        listener(**event(value))
    return (time.process_time() - begun) / how_many * 1e6


def a_day(ours: Callable[..., None], per_hour: int) -> None:
    """Nothing but failures whose messages differ in letters, which are not folded."""
    letters = count()
    tracemalloc.start()
    after: list[int] = []
    for _ in range(24):
        for _ in range(per_hour):
            said = "".join(chr(97 + int(digit)) for digit in str(next(letters)))
            ours(**of(LocustBadStatusCode(URL, code=500), Answer(500, {}, f"it went wrong in {said}".encode())))
        gc.collect()
        after.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    print(
        f"a day of {24 * per_hour} different failures: {after[0] / 1e6:.2f} MB kept after the first hour,"
        f" {after[-1] / 1e6:.2f} MB at the end, ratio {after[-1] / after[0]:.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
