"""Tests of two arms, and of many pairs together."""

from math import exp, log

import pytest
from scipy.special import stdtr, stdtrit  # scipy.stats takes a second to import

from locust_asyncdjango.lab.analysis.comparison.noise import Differences, Noise, Noises
from locust_asyncdjango.lab.analysis.comparison.pair_tests import (
    PAIRED_SHARE,
    UNPAIRED_SHARE,
    PairTest,
    pair_test,
)
from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.metrics.statistics import student_t, student_t_error

PAIRED, UNPAIRED = Noise(0.1, 3), Noise(0.12, 5)
TEST = PairTest(log(1.2), 4, PAIRED, UNPAIRED)


def test_the_two_tests_share_the_error() -> None:
    paired, unpaired = 2 * stdtr(3, -log(1.2) / 0.05), 2 * stdtr(5, -log(1.2) / 0.06)
    assert TEST.p == pytest.approx(min(paired / PAIRED_SHARE, unpaired / UNPAIRED_SHARE))
    equal = Noise(0.0, 3)
    assert PairTest(0.0, 4, equal, equal).p == 1
    assert PairTest(0.1, 4, equal, equal).p == 0


@pytest.mark.parametrize(
    ("paired", "unpaired", "margin"),
    [
        (PAIRED, UNPAIRED, student_t(5, UNPAIRED_SHARE * 0.05) * 0.06),
        (PAIRED, Noise(0.5, 5), student_t(3, PAIRED_SHARE * 0.05) * 0.05),  # the machine drifts
    ],
)
def test_the_interval_is_the_narrower_one_of_the_two_tests(paired: Noise, unpaired: Noise, margin: float) -> None:
    estimate = PairTest(log(1.2), 4, paired, unpaired).estimate(0.05, is_different=False)
    assert estimate.low == pytest.approx(1.2 * exp(-margin))
    assert estimate.high == pytest.approx(1.2 * exp(margin))


def test_an_interval_ends_where_the_error_is_that_of_the_difference() -> None:
    assert TEST.estimate(TEST.p, is_different=False).low == pytest.approx(1.0)


def test_an_interval_ends_at_1_where_holms_method_tells_arms_apart() -> None:
    wide = TEST.estimate(0.001, is_different=True)
    assert (wide.low, wide.is_different) == (1.0, True)
    assert TEST.estimate(0.001, is_different=False).is_different is False
    less = PairTest(-log(1.2), 4, PAIRED, UNPAIRED).estimate(0.001, is_different=True)
    assert (less.high, less.is_different) == (1.0, True)


def test_few_requests_are_uncertain_even_if_all_runs_are_equal() -> None:
    few = PairTest(log(1.1), 4, Noise(0.0, 3), Noise(0.0, 3), least_spread=0.2)
    assert few.p == pytest.approx(0.34, abs=0.01)
    assert few.estimate(0.05, is_different=False).is_different is False


def test_the_larger_noise_counts_and_freedom_is_limited() -> None:
    pair = Differences(("a", "b"), (0.25, 0.75), (0.125, 0.375))
    own, route = Noises(Noise(0.01, 1), Noise(0.3, 2)), Noises(Noise(0.1, 9), Noise(0.2, 6))
    assert pair_test(pair, own, route) == PairTest(0.25, 2, Noise(0.1, 4), Noise(0.3, 6))
    noisy = own._replace(paired=Noise(0.5, 1))
    assert pair_test(pair, noisy, route) == PairTest(0.25, 2, Noise(0.5, 1), Noise(0.3, 6))
    assert pair_test(pair, own, None) == PairTest(0.25, 2, Noise(0.01, 1), Noise(0.3, 2))
    assert pair_test(Differences(("a", "b"), (0.1,), (0.0,)), None, route) is None


def test_a_huge_noise_does_not_overflow() -> None:
    assert PairTest(800.0, 2, Noise(500.0, 1), Noise(500.0, 2)).estimate(0.05, is_different=False).is_different is False


def test_an_estimate_is_reversed() -> None:
    assert RatioEstimate(2.0, 1.6, 2.5).reversed() == RatioEstimate(0.5, 0.4, 0.625)
    assert RatioEstimate(2.0, None, None).reversed() == RatioEstimate(0.5, None, None)


def test_students_t_is_scipys() -> None:
    for freedom in (1, 2, 3, 7, 30, 333, 3600):
        for error in (0.5, 0.05, 0.05 / 30, 1e-6):
            assert student_t(freedom, error) == pytest.approx(stdtrit(freedom, 1 - error / 2), rel=1e-8)
            assert student_t_error(student_t(freedom, error), freedom) == pytest.approx(error, rel=1e-6)
