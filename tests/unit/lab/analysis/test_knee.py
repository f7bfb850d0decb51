"""The knee of throughput over users is recovered from runs that have one."""

import math
from collections.abc import Callable

import pytest

from locust_asyncdjango.lab.analysis.knee import find_knee
from tests.support.planted_runs import Throughput, climbed, collapsing, gradual, slots


@pytest.mark.parametrize("n", [20, 50, 130, 310])
@pytest.mark.parametrize("server", [slots, gradual, collapsing])
def test_noise_does_not_hide_the_knee(server: Callable[[float], Throughput], n: int) -> None:
    near = covered = 0
    for seed in range(10):
        knee = find_knee(climbed(server(n), 2.5 * n, seed))
        if knee.users is not None and knee.low is not None and knee.high is not None:
            near += abs(knee.users - n) <= 0.1 * n
            covered += knee.low <= n <= knee.high
    assert (near >= 9, covered >= 9) == (True, True), (near, covered)


@pytest.mark.parametrize(
    ("server", "why"),
    [
        pytest.param(slots(1), "throughput does not rise with users: it is as high with the first users", id="flat"),
        pytest.param(
            slots(9999),
            "throughput rises with users to the end: more users are needed to find where it stops",
            id="linear",
        ),
    ],
)
def test_a_run_without_a_knee_has_none(server: Throughput, why: str) -> None:
    for seed in range(10):
        knee = find_knee(climbed(server, 100, seed))
        assert (knee.users, knee.low, knee.high, knee.why) == (None, None, None, why)


def test_noise_alone_has_no_knee() -> None:
    assert [
        seed for seed in range(20) if find_knee(climbed(lambda _: 100.0, 100, seed, noise=0.3)).users is not None
    ] == []


def test_throughput_that_a_pause_or_a_cycle_stops_has_no_knee() -> None:
    def cycling(users: float) -> float:
        return 10 * users / (1 + 0.6 * math.sin(2 * math.pi * users / 120))

    def paused(users: float) -> float:
        return 10.0 * users if users < 105 else 900.0 - 7 * (users - 105)

    for server in (cycling, paused):
        assert find_knee(climbed(server, 120)).users is None


def test_where_two_opinions_differ_there_is_no_clear_knee() -> None:
    def two_bends(users: float) -> float:
        return 10 * min(users, 20) + 3 * min(max(users - 20, 0), 60) + max(users - 80, 0) * 0.2

    knee = find_knee(climbed(two_bends, 100, noise=0.01))
    assert knee.users is not None or knee.why.startswith("no clear knee: two lines meet at ")
