"""The shape that searches for the load that a server carries, against a server and a clock of the test's."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest
from locust_asyncdjango.shapes import Breakpoint
from locust_asyncdjango.shapes import breakpoint as module

SLOTS, LATENCY_MS = 5, 200


class SimulatedRun:
    """A run of Locust, second by second, against a server that works on five requests at once."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, shape: Any, run_time: float | None = None) -> None:
        self.now = 1000.0
        monkeypatch.setattr(module, "time", SimpleNamespace(time=lambda: self.now))
        self.total = SimpleNamespace(num_reqs_per_sec=Counter(), num_fail_per_sec=Counter(), response_times=Counter())
        options = SimpleNamespace(num_users=None, spawn_rate=None, run_time=run_time)
        self.runner = SimpleNamespace(
            user_count=0, stats=SimpleNamespace(total=self.total), environment=SimpleNamespace(parsed_options=options)
        )
        self.shape = shape
        self.shape.runner = self.runner
        self.shape.reset_time()
        self.shape.get_run_time = lambda: self.now - 1000.0
        self.can_start = True
        self.fails_above = 10**9

    def finish(self) -> str:
        """Run until the shape ends, and return its answer."""
        for _ in range(1000):
            target = self.shape.tick()
            if target is None:
                (answer,) = self.shape.conclusions()
                return str(answer)
            if self.can_start:
                self.runner.user_count = target[0]
            self._serve()
            self.now += 1
        raise AssertionError("the search does not end")

    def _serve(self) -> None:
        users = self.runner.user_count
        requests = round(min(users, SLOTS) * 1000 / LATENCY_MS)
        self.total.num_reqs_per_sec[int(self.now)] += requests
        self.total.response_times[round(LATENCY_MS * max(users / SLOTS, 1))] += requests
        if users > self.fails_above:
            self.total.num_fail_per_sec[int(self.now)] += requests


def test_throughput_that_stops_rising(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = SimulatedRun(monkeypatch, Breakpoint()).finish()
    assert answer == "carries 5 users (5.0-5.0), 25.0 req/s: more only wait for each other"


def test_a_bound_on_latency(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = SimulatedRun(monkeypatch, Breakpoint(p95="500ms")).finish()
    assert answer == "carries 12 users (12-13), 25.0 req/s: at 13 p95 was 520 ms"


def test_requests_that_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    run = SimulatedRun(monkeypatch, Breakpoint())
    run.fails_above = 2
    assert run.finish() == "carries 2 users (2-3), 10.0 req/s: at 3 100.0% of requests failed"


def test_more_users_than_there_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = SimulatedRun(monkeypatch, Breakpoint(peak="4")).finish()
    assert answer == "carries 4 users at least, 20.0 req/s: nothing broke; raise -u"


def test_a_run_that_is_too_short(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = SimulatedRun(monkeypatch, Breakpoint(), run_time=20).finish()
    assert answer == "carries 1 user at least, 5.0 req/s: nothing broke; give it more time (-t)"


def test_users_that_do_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    run = SimulatedRun(monkeypatch, Breakpoint())
    run.can_start = False
    assert run.finish() == "no level was measured: of 1 user 0 could be started"


def test_a_level_is_planned_as_its_users_start(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = Breakpoint(rate="10")
    SimulatedRun(monkeypatch, shape)
    assert [shape.users_at(elapsed) for elapsed in (0.0, 0.1, 5.0)] == [1, 1, 1]
    shape._last_level = (10.0, 1)
    shape._search.level = 64
    assert [shape.users_at(elapsed) for elapsed in (10.0, 12.5, 99.0)] == [11, 31, 64]
    shape._last_level = (10.0, 64)
    shape._search.level = 48
    assert [shape.users_at(elapsed) for elapsed in (10.0, 11.0, 99.0)] == [54, 48, 48]
