"""What a request event becomes: a sample of a row, a failure, and an example of a failed request."""

import time
from collections import Counter
from typing import Any

import pytest
from gevent import Greenlet
from locust import FastHttpUser

from locust_asyncdjango.client.exceptions import make_error
from locust_asyncdjango.failures.counts import MESSAGES_LIMIT
from locust_asyncdjango.failures.model import Failure
from locust_asyncdjango.load.arrivals import ArrivalQueue
from locust_asyncdjango.metrics.histogram import rounded_ms
from locust_asyncdjango.metrics.request_names.sums import NAMES_LIMIT, OTHER
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.plugin.recording import KNOWN_LIMIT, ON_TIME_MS, Recording, attach_recording
from tests.support.locust_environments import make_environment


class DelayedArrivals(ArrivalQueue):
    """A queue whose requests all begin late by the same time, and of which some are never begun."""

    def __init__(self, delay_ms: float, missed: int = 0) -> None:
        super().__init__()
        self.delay_ms, self.missed = delay_ms, missed
        self.delays_s: dict[Greenlet, float] = {}

    def pop_delay_ms(self) -> float:
        return self.delay_ms

    def end(self) -> tuple[float, ...]:
        return tuple(n / 10 for n in range(self.missed))

    def delay_s(self, greenlet: Greenlet) -> float:
        return self.delays_s.get(greenlet, 0.0)


def event(**changed: Any) -> dict[str, Any]:
    """Return what Locust fires for a request."""
    return {
        "request_type": "GET",
        "name": "/posts/",
        "response_time": 20.0,
        "response_length": 100,
        "exception": None,
        "response": None,
        "context": {},
        "start_time": 0.0,
        "url": "http://127.0.0.1/posts/?page=2",
        **changed,
    }


def total(recording: Recording) -> Row:
    """Return all that was recorded in one row."""
    rows = recording.recorder.take()
    for row in rows[1:]:
        rows[0].merge(row)
    return rows[0]


def test_a_success_is_a_sample_of_its_second() -> None:
    recording = Recording(ArrivalQueue())
    recording.on_request(**event())
    row = total(recording)
    assert (row.ok, row.failed.total(), row.bytes, dict(row.ok_ms)) == (1, 0, 100, {20.0: 1})
    assert recording.failure_counts.rows() == []


def test_a_failure_is_counted_by_kind_and_message_and_has_samples() -> None:
    recording = Recording(ArrivalQueue())
    for _ in range(5):
        recording.on_request(**event(exception=ConnectionRefusedError(111, "Connection refused")))
    assert dict(total(recording).failed) == {"connect_refused": 5}
    (failure,) = recording.failure_counts.rows()
    assert (failure.kind, failure.count) == ("connect_refused", 5)
    samples = recording.failure_counts.samples("connect_refused")
    assert len(samples) == 3
    assert (samples[0].name, samples[0].url) == ("GET /posts/", "http://127.0.0.1/posts/?page=2")


@pytest.mark.parametrize(
    ("delay_ms", "latency_ms", "late"),
    [(0.0, 20.0, 0), (ON_TIME_MS, 30.0, 0), (180.0, 200.0, 1)],
    ids=["at once", "just on time", "late"],
)
def test_the_latency_of_an_open_model_counts_from_when_a_request_was_due(
    delay_ms: float, latency_ms: float, late: int
) -> None:
    recording = Recording(DelayedArrivals(delay_ms))
    recording.on_request(**event())
    row = total(recording)
    assert (dict(row.ok_ms), row.late) == ({latency_ms: 1}, late)


def test_a_request_without_a_latency_counts() -> None:
    recording = Recording(ArrivalQueue())
    recording.on_request(**event(response_time=None, response_length=None))
    row = total(recording)
    assert (row.ok, row.bytes, dict(row.ok_ms)) == (1, 0, {})


def test_what_cannot_be_recorded_is_counted_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    recording = Recording(ArrivalQueue())
    for _ in range(3):
        recording.on_request(**event(response_length="many"))
    assert recording.unrecorded == 3
    assert caplog.messages == ["A request could not be recorded. Later ones are only counted, for the summary"]


def test_a_failure_counts_even_if_its_sample_cannot_be_made() -> None:
    class UnprintableError(Exception):
        def __repr__(self) -> str:
            raise RuntimeError

    recording = Recording(ArrivalQueue())
    recording.on_request(**event(exception=UnprintableError()))
    (failure,) = recording.failure_counts.rows()
    assert (failure.count, recording.failure_counts.samples(failure.kind), recording.unrecorded) == (1, [], 0)


def test_requests_count_by_method_and_name_without_secrets_and_control_characters() -> None:
    recording = Recording(ArrivalQueue())
    for name in ("/posts/", "/posts/", "/?token=abc1", "/?token=abc2", "/\x1b[31m", 400 * "x"):
        recording.on_request(**event(name=name))
    recording.on_request(**event(request_type="POST"))
    names = total(recording).names
    assert {name: sums.ok for name, sums in names.items()} == {
        "GET /posts/": 2,
        "GET /?token=***": 2,
        "GET /\\x1b[31m": 1,
        f"GET {293 * 'x'}...": 1,
        "POST /posts/": 1,
    }


def test_names_beyond_the_limit_count_together_and_take_no_memory() -> None:
    recording = Recording(ArrivalQueue())
    for n in range(KNOWN_LIMIT + 100):
        recording.on_request(**event(name=f"/posts/{n}/"))
    recording.on_request(**event(name="/posts/0/"))
    names = total(recording).names
    assert (len(names), names["GET /posts/0/"].ok, names[OTHER].ok) == (NAMES_LIMIT + 1, 2, KNOWN_LIMIT - 100)
    assert len(recording._names) == KNOWN_LIMIT
    recording.begin(time.time())
    recording.on_request(**event(name="/new/"))
    assert set(total(recording).names) == {"GET /new/"}


def test_a_new_run_forgets_the_one_before() -> None:
    recording = Recording(ArrivalQueue())
    recording.on_request(**event(exception=TimeoutError()))
    recording.unrecorded = 7
    recording.begin(time.time())
    assert (recording.recorder.take(), recording.failure_counts.rows(), recording.unrecorded) == ([], [], 0)


def test_a_new_run_has_room_for_new_messages_in_locusts_table() -> None:
    recording = Recording(ArrivalQueue())
    errors = [
        make_error("/", Failure("app_error", "server", f"message {n}", ""), 500) for n in range(MESSAGES_LIMIT + 1)
    ]
    assert [str(error) for error in errors][-1] == "app_error: other"
    recording.begin(time.time())
    assert str(errors[-1]) == f"app_error: message {MESSAGES_LIMIT}"


def test_requests_that_were_due_and_never_begun_are_missed() -> None:
    recording = Recording(DelayedArrivals(0.0, missed=3))
    recording.end_arrivals()
    row = total(recording)
    assert (row.missed, row.in_flight, row.cut_off_ms) == (3, 0, Counter({0.0: 1, 100.0: 1, 200.0: 1}))
    untouched = Recording(ArrivalQueue())
    untouched.end_arrivals()
    assert untouched.recorder.take() == []


def test_requests_in_flight_have_waited_since_they_were_due() -> None:
    arrivals, late, punctual = DelayedArrivals(0.0), Greenlet(), Greenlet()
    arrivals.delays_s[late] = 4.0
    recording = Recording(arrivals)
    recording.add_in_flight({late: 1.0, punctual: 2.0})
    row = total(recording)
    assert (row.missed, row.in_flight, row.in_flight_s) == (0, 2, 2.0)
    assert row.cut_off_ms == Counter({rounded_ms(5000.0): 1, 2000.0: 1})
    recording.add_in_flight({})
    assert recording.recorder.take() == []


def test_a_clock_that_is_set_during_a_run_moves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    recording = Recording(ArrivalQueue())
    recording.begin(1_000_000.0)
    monkeypatch.setattr("time.time", lambda: 5.0)
    recording.on_request(**event())
    (row,) = recording.recorder.take()
    assert (row.t, row.ok) == (0, 1)


def test_a_request_of_a_stock_user_that_ends_its_task_is_recorded() -> None:
    environment = make_environment()
    recording = attach_recording(environment, ArrivalQueue())
    user: Any = type("Stock", (FastHttpUser,), {"host": "http://127.0.0.1:1"})(environment)
    with pytest.raises(TypeError) as raised:
        user.client.get("/posts/", name="posts", json={1})
    environment.events.user_error.fire(user_instance=user, exception=raised.value, tb=raised.tb)
    assert dict(total(recording).failed) == {"invalid_request": 1}
    (failure,) = recording.failure_counts.rows()
    assert failure.message == "InvalidRequestError: TypeError: Object of type set is not JSON serializable"
    assert [sample.name for sample in recording.failure_counts.samples("invalid_request")] == ["GET posts"]


def test_another_error_of_a_task_is_no_request() -> None:
    environment = make_environment()
    recording = attach_recording(environment, ArrivalQueue())
    environment.events.user_error.fire(user_instance=None, exception=KeyError("x"), tb=None)
    assert recording.recorder.take() == []
