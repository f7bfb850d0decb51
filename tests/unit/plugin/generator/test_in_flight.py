"""Which requests are in flight when a run stops."""

import time
from typing import Any

import gevent
import greenlet
import pytest
from gevent.event import Event
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment
from locust.event import Events

from locust_asyncdjango.plugin.generator.in_flight import InFlight


class Session(FastHttpSession):
    """A client whose requests end when its event is set, or when a limit of a thousandth of a second is over."""

    def __init__(self, events: Events, *, limited: bool = False) -> None:
        self.events, self.answered, self.limit_s = events, Event(), 0.001 if limited else None

    def request(self, *_: Any, **__: Any) -> Any:
        start_time = time.time() - 3
        with gevent.Timeout(self.limit_s, exception=False):
            self.answered.wait()
        self.events.request.fire(start_time=start_time)


class Derived(Session):
    """A client that calls its base class."""

    def request(self, *arguments: Any, **options: Any) -> Any:
        return super().request(*arguments, **options)


@pytest.fixture
def environment() -> Environment:
    return Environment(events=Events())


@pytest.fixture
def in_flight(environment: Environment) -> InFlight:
    return InFlight(environment)


def begin(session: Session, count: int) -> list[gevent.Greenlet]:
    """Return greenlets, each of which waits in a request."""
    greenlets = [gevent.spawn(session.get, "/") for _ in range(count)]
    gevent.sleep(0)
    return greenlets


@pytest.mark.parametrize("session_class", [Session, Derived])
def test_requests_that_locust_ends_are_in_flight(
    environment: Environment, in_flight: InFlight, session_class: type[Session]
) -> None:
    greenlets = begin(session_class(environment.events), 5)
    in_flight.stop_begins()
    gevent.killall(greenlets)
    waits_s = in_flight.stop_ended()
    assert waits_s.keys() == set(greenlets)
    assert min(waits_s.values()) >= 3
    assert in_flight.stop_ended() == {}
    assert (environment.events.request._handlers, greenlet.gettrace()) == ([], None)


def test_a_request_that_begins_and_one_that_ends_while_the_run_stops(
    environment: Environment, in_flight: InFlight
) -> None:
    session = Session(environment.events)

    def user() -> None:
        session.get("/")
        session.answered.clear()
        session.get("/")

    users = [gevent.spawn(user)]
    gevent.sleep(0)
    in_flight.stop_begins()
    session.answered.set()
    gevent.sleep(0)
    gevent.sleep(0)
    users += begin(session, 3)
    gevent.killall(users)
    assert len(in_flight.stop_ended()) == 4


def test_a_request_that_reached_its_limit_has_ended(environment: Environment, in_flight: InFlight) -> None:
    greenlets = begin(Session(environment.events, limited=True), 2)
    in_flight.stop_begins()
    gevent.joinall(greenlets)
    assert len(in_flight.stop_ended()) == 0


def test_a_request_of_on_stop_does_not_hide_the_one_before_it(environment: Environment, in_flight: InFlight) -> None:
    session = Session(environment.events)

    def user() -> None:
        try:
            session.get("/")
        finally:
            session.answered.set()
            session.get("/logout/")

    users = [gevent.spawn(user)]
    gevent.sleep(0)
    in_flight.stop_begins()
    gevent.killall(users)
    assert len(in_flight.stop_ended()) == 1


def test_requests_of_greenlets_that_locust_does_not_end_count_too(
    environment: Environment, in_flight: InFlight
) -> None:
    in_flight.stop_begins()
    greenlets = begin(Session(environment.events), 2)
    other = gevent.spawn(gevent.sleep, 60)
    gevent.sleep(0)
    assert len(in_flight.stop_ended()) == 2
    gevent.killall([*greenlets, other])


def test_the_tracing_of_others_goes_on(environment: Environment, in_flight: InFlight) -> None:
    events: list[str] = []

    def trace(event: str, _: Any) -> None:
        events.append(event)

    greenlets = begin(Session(environment.events), 1)
    greenlet.settrace(trace)
    try:
        in_flight.stop_begins()
        gevent.killall(greenlets)
        assert len(in_flight.stop_ended()) == 1
        assert "throw" in events
        assert greenlet.gettrace() is trace
    finally:
        greenlet.settrace(None)
