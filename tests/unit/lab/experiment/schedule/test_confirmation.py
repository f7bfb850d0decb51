"""Plateaus that confirm a capacity."""

from dataclasses import replace

import pytest

from locust_asyncdjango.analysis.saturation import Capacity
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.schedule.confirmation import (
    confirmation_sentence,
    is_confirmed,
    next_confirmation,
    plateau_load,
)
from locust_asyncdjango.lab.experiment.spec import Load
from locust_asyncdjango.lab.experiment.trial import Trial
from tests.support.figures import figures

TRIAL = Trial("io_read", "uvicorn", 1000, 100)


def climbed(users: int, low: int, repeat: int = 1, unit: str = "users") -> Result:
    capacity = Capacity("p95 <= 1s", users, low, users + 10, 100.0, "p95 1.4 s", unit)
    return Result(replace(TRIAL, repeat=repeat), replace(figures(100.0, 60, 4100), capacity=capacity), "", {})


def plateau(users: int, broken_by: str = "") -> Result:
    capacity = Capacity("p95 <= 1s", 0 if broken_by else users, 0, users, 100.0, broken_by)
    figured = replace(figures(100.0, 60, 4100), capacity=capacity)
    return Result(replace(TRIAL, plateau_users=users), figured, "", {})


def broken(*users: int) -> list[Result]:
    return [plateau(each, "p95 1.2 s") for each in users]


FAILED = Result(replace(TRIAL, plateau_users=100), None, "it did not start", {})


@pytest.mark.parametrize(
    ("results", "confirmations", "users"),
    [
        pytest.param([climbed(100, 90)], [], 100, id="the capacity"),
        pytest.param([climbed(100, 90), climbed(80, 70, 2), climbed(85, 75, 3)], [], 85, id="the median of runs"),
        pytest.param([climbed(100, 90)], broken(100), 90, id="its lower end"),
        pytest.param([climbed(100, 40)], broken(100), 80, id="not a lower end that is far below"),
        pytest.param([climbed(100, 90)], broken(100, 90), 72, id="four fifths"),
        pytest.param([climbed(100, 90)], broken(100, 90, 72, 57), None, id="four plateaus at most"),
        pytest.param([climbed(100, 90)], [plateau(100)], None, id="confirmed"),
        pytest.param([climbed(100, 90)], [FAILED], None, id="a plateau that could not be measured"),
        pytest.param([climbed(0, 0)], [], None, id="no load is within the objective"),
        pytest.param([climbed(100, 90, unit="req/s")], [], None, id="an open model"),
        pytest.param([Result(TRIAL, None, "it did not start", {})], [], None, id="an arm that was not measured"),
    ],
)
def test_the_next_plateau(results: list[Result], confirmations: list[Result], users: int | None) -> None:
    expected = None if users is None else replace(TRIAL, plateau_users=users)
    assert next_confirmation(results, confirmations) == expected


def test_a_plateau_is_a_trial_of_its_own() -> None:
    trial = plateau(120).trial
    assert (trial.id, trial.title) == ("io_read-uvicorn-plateau120", "io_read on uvicorn (plateau of 120 users)")


def test_the_load_of_a_plateau() -> None:
    load = Load("RampTo500", "500", "50", "12s", "p95 <= 2s")
    assert plateau_load(load, 7) == Load("Ramp", "7", "2", "34s", "p95 <= 2s")


def test_what_plateaus_have_shown() -> None:
    assert is_confirmed(plateau(90))
    assert not is_confirmed(FAILED)
    assert confirmation_sentence([*broken(100), plateau(90)]) == "confirmed on a plateau of 30 s at 90 users"
    assert confirmation_sentence(broken(100, 90)) == (
        "not confirmed: on plateaus of 30 s at 100, 90 users the objective did not hold: p95 1.2 s"
    )
    assert confirmation_sentence([FAILED]) == "not confirmed: it did not start"
