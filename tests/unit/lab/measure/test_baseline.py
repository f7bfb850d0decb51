"""The unloaded latency: how many requests are sent, and what is made of them."""

from itertools import count

import pytest

from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.baseline import MAX_REQUESTS, MIN_REQUESTS, latencies_ms, measure_baseline
from tests.support.http_site import http_site


class Clock:
    """A clock that a request moves on."""

    def __init__(self, request_s: float) -> None:
        self.request_s = request_s
        self.now_s = 0.0
        self.sent = 0

    def __call__(self) -> float:
        return self.now_s

    def send(self) -> None:
        self.now_s += self.request_s
        self.sent += 1


@pytest.mark.parametrize(
    ("request_s", "latencies"),
    [
        (2.0, [2000.0] * MIN_REQUESTS),  # a slow view: no more than are needed
        (0.125, [125.0] * 8),  # as many as a second has room for
        (0.0, [0.0] * MAX_REQUESTS),
    ],
)
def test_requests_are_sent_for_a_second(request_s: float, latencies: list[float]) -> None:
    clock = Clock(request_s)
    assert latencies_ms(clock.send, clock) == latencies
    assert clock.sent == len(latencies) + 1


def test_the_first_request_is_left_out() -> None:
    clock = Clock(1.0)
    durations_s = count(start=9, step=-3)

    def send() -> None:
        clock.now_s += max(next(durations_s), 1)

    assert latencies_ms(send, clock) == [6000.0, 3000.0, 1000.0]


TRIAL = Trial("cpu", "mine", 1000, 100, variant="sync")


def test_a_route_is_measured_by_its_path_and_its_variant() -> None:
    with http_site({"/healthz": (200, b""), "/cpu/sync/": (200, b"")}) as site:
        baseline = measure_baseline(TRIAL, site.url)
    assert baseline is not None
    assert baseline.requests >= MIN_REQUESTS
    assert {path for _, path, _ in site.requests} == {"/healthz", "/cpu/sync/"}
    assert min(baseline.request_ms, baseline.healthz_ms) > 0


def test_a_route_that_fails_has_no_baseline() -> None:
    with http_site({"/healthz": (200, b""), "/cpu/sync/": (500, b"")}) as site:
        assert measure_baseline(TRIAL, site.url) is None
