"""Whether the generator kept up with the load, by what it recorded."""

from collections import Counter

import pytest

from locust_asyncdjango.analysis.generator_health import HealthMonitor, health_problems
from locust_asyncdjango.metrics.interval import Interval


def climb(late_s: int = 0, cap: int = 1000, cpu: float = 50.0, length: int = 60) -> list[Interval]:
    """10 users more each second, which come late, or not beyond a cap."""
    return [
        Interval(t, users=min(max(t + 1 - late_s, 0) * 10, cap), planned=(t + 1) * 10, ok=5, cpu=cpu)
        for t in range(length)
    ]


@pytest.mark.parametrize(
    "seconds",
    [
        [],
        climb(),
        climb(late_s=2),
        climb(late_s=-1),  # a shape tells at its tick what is to be so at the end of the second
        climb(cap=570),  # for a moment
        [Interval(t, users=3, ok=1) for t in range(20)],  # nothing was planned
        [Interval(t, ok=1, cpu=99.0, lag_ms=300.0) for t in range(2)],  # imports, and the first users
        [Interval(t, ok=1, cpu=89.9, lag_ms=9.9) for t in range(20)],
    ],
)
def test_a_run_near_its_plan_has_no_problems(seconds: list[Interval]) -> None:
    assert health_problems(seconds) == {}


def test_users_that_do_not_come() -> None:
    assert health_problems(climb(cap=300)) == {
        "users": "the number of users was not as planned in 27 of 60 seconds, for example 300 instead of 600 at 59 s:"
        " start and stop users more slowly, or in more processes (--processes)"
    }
    (problem,) = health_problems(climb(late_s=6)).values()
    assert "not as planned in 60 of 60 seconds, for example 0 instead of 10 at 0 s" in problem


def test_users_that_do_not_go() -> None:
    seconds = [Interval(t, users=100, planned=max(100 - 10 * t, 1), ok=5) for t in range(20)]
    assert "for example 100 instead of 1 at 10 s" in health_problems(seconds)["users"]
    pause = [Interval(t, users=5, planned=0, ok=5) for t in range(20)]
    assert "not as planned in 20 of 20 seconds, for example 5 instead of 0 at 0 s" in health_problems(pause)["users"]


def test_a_generator_at_its_end() -> None:
    seconds = climb(cpu=97.0)
    seconds[7].failed = Counter(client_exhausted=3, timeout=9)
    assert health_problems(seconds) == {
        "processor": "the generator's processor was busy to 90 % or more in 60 of 60 seconds:"
        " spread the users over more processes (--processes) or machines",
        "files": "3 requests failed in the generator itself (client_exhausted):"
        " see what the failures say, or raise its limit of open files (ulimit -n)",
    }


def test_a_generator_that_reads_responses_late() -> None:
    seconds = [Interval(t, ok=9, cpu=5.0, lag_ms=80.4 if t % 4 == 0 else 1.0) for t in range(12)]
    assert health_problems(seconds) == {
        "event loop": "the generator read responses late in 3 of 12 seconds, by 80 ms on average in the worst of them:"
        " do nothing in tasks that blocks the process, and spread the users over more processes (--processes) or"
        " machines"
    }


def test_clocks_that_differ() -> None:
    assert health_problems([Interval(0, ok=9, clock_s=3.21), Interval(1, ok=9, clock_s=120.0), Interval(2)]) == {
        "clocks": "clocks of workers differ from the master's by up to 120.0 s (their times were moved by that, to"
        " whole seconds): synchronize the clocks (NTP)"
    }


def test_workers_that_were_lost() -> None:
    assert health_problems([Interval(0, ok=9), Interval(7, ok=9, lost_workers=1), Interval(8)]) == {
        "workers": "1 worker ended or could not be reached, noticed after 7 s: what it had not sent is missing, and its"
        " users may be too; see why in its log, and run it again"
    }


def test_seconds_in_which_nothing_is_known_of_the_generator_do_not_count() -> None:
    unknown = [Interval(t, ok=9) for t in range(60)]
    assert health_problems(unknown) == {}
    busy = [Interval(60 + t, ok=9, cpu=95.0) for t in range(3)]
    assert "90 % or more in 3 of 3 seconds" in health_problems([*unknown, *busy])["processor"]


def test_requests_that_began_late_or_never() -> None:
    intervals = [Interval(t, ok=9, failed=Counter(timeout=1), late=1, missed=2) for t in range(10)]
    assert health_problems(intervals) == {
        "arrivals": "of 120 requests that were due, 10 began late and 20 never began (latencies count from when a"
        " request was due): give the run more users (-u), or more processes (--processes) if some users were idle"
    }
    assert health_problems([Interval(t, ok=100, late=1) for t in range(10)]) == {}  # one in a hundred


def test_a_monitor_reports_each_topic_once() -> None:
    monitor = HealthMonitor()
    assert monitor.new_problems(climb()) == []
    (processor,) = monitor.new_problems(climb(cpu=97.0))
    assert processor.startswith("the generator's processor was busy")
    (users,) = monitor.new_problems(climb(cpu=97.0, cap=300))
    assert users.startswith("the number of users was not as planned")
    assert monitor.new_problems(climb(cpu=97.0, cap=300)) == []
