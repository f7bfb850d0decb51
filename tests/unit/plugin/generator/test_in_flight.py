"""Which requests are in flight when a run stops."""

import time
from typing import Any

import gevent
import pytest
from gevent.event import Event
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment
from locust.event import Events

from locust_asyncdjango.plugin.generator.in_flight import InFlight, requests_in_flight


class Session(FastHttpSession):
    """A client whose requests end when its event is set."""

    def __init__(self, events: Events) -> None:
        self.events, self.answered = events, Event()

    def request(self, *_: Any, **__: Any) -> Any:
        start_time = time.time() - 3
        self.answered.wait()
        self.events.request.fire(start_time=start_time)


class Derived(Session):
    """A client that calls its base class."""

    def request(self, *arguments: Any, **options: Any) -> Any:
        return super().request(*arguments, **options)


@pytest.fixture
def environment() -> Environment:
    return Environment(events=Events())


def begin(session: Session, count: int) -> list[gevent.Greenlet]:
    """Return greenlets, each of which waits in a request."""
    greenlets = [gevent.spawn(session.get, "/") for _ in range(count)]
    gevent.sleep(0)
    return greenlets


def end(greenlets: list[gevent.Greenlet]) -> None:
    gevent.killall(greenlets)


@pytest.mark.parametrize("session_class", [Session, Derived])
def test_requests_that_locust_ends_are_in_flight(environment: Environment, session_class: type[Session]) -> None:
    greenlets = begin(session_class(environment.events), 5)
    in_flight = InFlight(environment)
    in_flight.stop_begins()
    end(greenlets)
    count, longest_s = in_flight.stop_ended()
    assert (count, longest_s >= 3) == (5, True)
    assert in_flight.stop_ended() == (0, 0.0)
    assert environment.events.request._handlers == []


def test_a_request_that_ends_while_the_run_stops_is_not_in_flight(environment: Environment) -> None:
    quick, slow = Session(environment.events), Session(environment.events)
    greenlets = [*begin(quick, 2), *begin(slow, 1)]
    in_flight = InFlight(environment)
    in_flight.stop_begins()
    quick.answered.set()
    gevent.joinall(greenlets[:2])
    end(greenlets)
    assert in_flight.stop_ended()[0] == 1


@pytest.mark.parametrize("timeout_s", [0, 0.001])
def test_requests_that_begin_before_locust_ends_them_count_too(environment: Environment, timeout_s: float) -> None:
    environment.stop_timeout = timeout_s
    in_flight = InFlight(environment)
    in_flight.stop_begins()
    greenlets = begin(Session(environment.events), 4)
    while not in_flight._began:
        gevent.sleep(0)
    end(greenlets)
    assert in_flight.stop_ended()[0] == 4


def test_greenlets_that_do_something_else_are_not_in_flight(environment: Environment) -> None:
    before = dict(requests_in_flight())
    other, answered = gevent.spawn(gevent.sleep, 60), begin(Session(environment.events), 0)
    gevent.sleep(0)
    assert (dict(requests_in_flight()), answered) == (before, [])
    other.kill()
