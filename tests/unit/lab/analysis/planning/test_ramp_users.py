"""How many users a ramp needs, by what a pilot has shown."""

from collections.abc import Callable

import pytest

from locust_asyncdjango.lab.analysis.planning.ramp_users import Pilot, find_pilot, ramp_users

OBJECTIVE = "failures <= 1% and p95 <= 1s"


@pytest.mark.parametrize(
    ("rate_at", "pilot", "stages"),
    [
        pytest.param(lambda n: min(n, 4) * 25.0, Pilot(100.0, 4), [4, 16], id="4 slots"),
        pytest.param(lambda n: 90.0 if n < 16 else 110.0, Pilot(110.0, 4), [4, 16], id="hardly more with more"),
        pytest.param(lambda n: min(n, 20) * 10.0, Pilot(200.0, 16), [4, 16, 64], id="20 slots"),
        pytest.param(lambda n: min(n, 30) * 10.0, Pilot(300.0, 64), [4, 16, 64], id="30 slots"),
        pytest.param(lambda n: n * 10.0, Pilot(640.0, 64, is_rising=True), [4, 16, 64], id="no limit"),
        pytest.param(lambda n: 50.0 if n < 16 else 0.0, Pilot(50.0, 4), [4, 16], id="too many at once"),
        pytest.param(lambda _: 0.0, Pilot(0.0, 4), [4], id="no success"),
    ],
)
def test_more_requests_are_kept_in_flight_as_long_as_they_bring_more(
    rate_at: Callable[[int], float], pilot: Pilot, stages: list[int]
) -> None:
    tried: list[int] = []

    def rate(in_flight: int) -> float:
        tried.append(in_flight)
        return rate_at(in_flight)

    assert (find_pilot(rate), tried) == (pilot, stages)


@pytest.mark.parametrize(
    ("pilots", "objective", "users"),
    [
        pytest.param([Pilot(95.0, 4), Pilot(100.0, 4)], OBJECTIVE, 250, id="2.5 times what the best arm carries"),
        pytest.param([Pilot(100.0, 4)], "p95 <= 200ms", 50, id="within a limit of 0.2 s"),
        pytest.param([Pilot(100.0, 4)], "p50 <= 100ms, p99 <= 2s", 30, id="the lowest limit counts"),
        pytest.param([Pilot(2.0, 4)], OBJECTIVE, 20, id="3 times the requests in flight"),
        pytest.param([Pilot(0.0, 4)], OBJECTIVE, 20, id="no success in time"),
        pytest.param([Pilot(900.0, 4)], OBJECTIVE, 500, id="at most 500"),
        pytest.param([Pilot(50.0, 4), Pilot(80.0, 64, is_rising=True)], OBJECTIVE, 500, id="nobody knows how many"),
        pytest.param([Pilot(40.0, 64, is_rising=True)], OBJECTIVE, 200, id="beyond the limit with 64 in flight"),
        pytest.param([Pilot(100.0, 4)], "failures <= 1%", 500, id="no limit of a latency"),
    ],
)
def test_a_ramp_ends_beyond_what_the_best_arm_carries(pilots: list[Pilot], objective: str, users: int) -> None:
    assert ramp_users(pilots, objective) == users
