"""The unloaded latency: how many requests are sent, and what is made of them."""

from collections import Counter
from itertools import count

import pytest

from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.measure.baseline import (
    ATTEMPTS,
    MAX_REQUESTS,
    MIN_REQUESTS,
    latencies_ms,
    measure_baseline,
)


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


class Site:
    """A site that answers its first requests as it is told to, and all others with success."""

    def __init__(self, *failures: str) -> None:
        self.failures = list(failures)
        self.sent = 0

    def send(self) -> None:
        self.sent += 1
        if self.failures and (failure := self.failures.pop(0)):
            raise OSError(failure)


def test_requests_of_the_trial_and_idle_ones_are_counted_apart() -> None:
    sent = Counter[str]()
    baseline = measure_baseline(lambda: sent.update(["trial"]), lambda: sent.update(["idle"]))
    assert baseline is not None
    assert (baseline.requests, sent) == (MAX_REQUESTS, {"trial": MAX_REQUESTS + 2, "idle": MAX_REQUESTS + 1})


def test_a_site_whose_first_requests_all_fail_is_not_measured() -> None:
    site = Site("HTTP 502", "HTTP 500", "HTTP 500, zlib.error", "")
    with pytest.raises(TrialError) as refused:
        measure_baseline(site.send, Site().send)
    assert str(refused.value) == "no request before the load was a success: HTTP 500, zlib.error"
    assert site.sent == ATTEMPTS


def test_a_site_that_fails_now_and_then_is_measured_under_load() -> None:
    assert measure_baseline(Site("HTTP 503", "", "HTTP 503").send, Site().send) is None
    baseline = measure_baseline(Site("HTTP 503").send, Site().send)
    assert baseline is not None
    assert baseline.requests == MAX_REQUESTS
