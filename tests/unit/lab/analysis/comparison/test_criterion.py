"""What decides between arms, and the figure of a run."""

from dataclasses import replace
from math import log

import pytest

from locust_asyncdjango.analysis.saturation import Capacity, Saturation
from locust_asyncdjango.lab.analysis.comparison.criterion import Criterion, Measurement, choose_criterion, measure
from tests.support.experiments import OBJECTIVE, at_full_load, capacity, goodput
from tests.support.figures import figures

OLD = figures(50.0, 60, 4100)
FULL = at_full_load(OLD)
EASY = replace(FULL, is_saturated=False)
WITHIN = replace(FULL, capacity=capacity(500, is_reached=False))
LEFT = replace(FULL, capacity=capacity(140))
NEVER = replace(FULL, capacity=Capacity(OBJECTIVE, 0, 0, 0, 0.0, "p95 3 s"))


@pytest.mark.parametrize(
    ("arms", "criterion"),
    [
        pytest.param([[LEFT], [WITHIN]], Criterion.CAPACITY, id="an arm leaves the objective"),
        pytest.param([[LEFT, WITHIN], [WITHIN, WITHIN]], Criterion.CAPACITY, id="in half of its runs"),
        pytest.param([[NEVER], [LEFT]], Criterion.CAPACITY, id="another one is never within it"),
        pytest.param([[NEVER], [NEVER]], Criterion.GOODPUT, id="no arm is ever within it"),
        pytest.param([[WITHIN], [WITHIN]], Criterion.GOODPUT, id="the load broke no arm"),
        pytest.param([[LEFT], [FULL]], Criterion.GOODPUT, id="one capacity is not known"),
        pytest.param([[EASY], [FULL]], Criterion.GOODPUT, id="one arm is saturated"),
        pytest.param([[EASY], [EASY]], Criterion.LATENCY, id="the load was the limit"),
        pytest.param([[OLD], [FULL]], None, id="an earlier version measured no goodput"),
    ],
)
def test_what_decides(arms: list[list[Saturation]], criterion: Criterion | None) -> None:
    assert choose_criterion(arms) is criterion


def test_the_figure_of_a_run() -> None:
    assert measure(FULL, Criterion.GOODPUT) == Measurement(50.0, 1 / 3000)
    assert measure(replace(FULL, goodput=goodput(0.0)), Criterion.GOODPUT) == Measurement(0.0)
    assert measure(NEVER, Criterion.CAPACITY) == Measurement(0.0)
    assert [measure(OLD, criterion) for criterion in Criterion] == [None, None, None]


def test_few_requests_and_steps_of_users_make_a_figure_uncertain() -> None:
    reached, within = (measure(each, Criterion.CAPACITY) for each in (LEFT, WITHIN))
    assert reached is not None
    assert within is not None
    assert (reached.value, reached.is_bound, within.value, within.is_bound) == (140, False, 500, True)
    assert reached.variance == pytest.approx((log(140 / 139) / 1.96) ** 2 + 1 / (12 * 140**2), rel=1e-3)
    latency = measure(FULL, Criterion.LATENCY)
    assert latency is not None
    assert (latency.value, round(latency.variance * 3000, 3)) == (100.0, 0.145)
