"""Tests of two arms, and of many pairs together."""

from math import exp, log

import pytest
from scipy.stats import t

from locust_asyncdjango.lab.analysis.comparison.noise import Differences, Noise
from locust_asyncdjango.lab.analysis.comparison.pair_tests import PairTest, pair_test
from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.metrics.statistics import student_t, student_t_error

TEST = PairTest(mean=log(1.2), repeats=4, spread=0.1, freedom=3)


def test_the_probability_is_that_of_students_t() -> None:
    assert TEST.p == pytest.approx(2 * t.sf(log(1.2) / 0.05, 3))
    assert PairTest(0.0, 4, 0.0, 3).p == 1
    assert PairTest(0.1, 4, 0.0, 3).p == 0


def test_the_interval_is_that_of_students_t() -> None:
    margin = student_t(3, 0.05) * 0.05
    estimate = TEST.estimate(0.05, is_different=True)
    assert estimate.low == pytest.approx(1.2 * exp(-margin))
    assert estimate.high == pytest.approx(1.2 * exp(margin))
    assert estimate.is_different


def test_an_interval_ends_at_1_where_holms_method_tells_arms_apart() -> None:
    wide = TEST.estimate(0.001, is_different=True)
    assert (wide.low, wide.is_different) == (1.0, True)
    assert TEST.estimate(0.001, is_different=False).is_different is False
    less = PairTest(-log(1.2), 4, 0.1, 3).estimate(0.001, is_different=True)
    assert (less.high, less.is_different) == (1.0, True)


def test_few_requests_are_uncertain_even_if_all_runs_are_equal() -> None:
    few = PairTest(log(1.1), 4, 0.0, 3, least_spread=0.2)
    assert few.p == pytest.approx(0.34, abs=0.01)
    assert few.estimate(0.05, is_different=False).is_different is False


def test_the_larger_noise_counts_and_freedom_is_limited() -> None:
    pair = Differences(("a", "b"), (0.125, 0.375))
    quiet, noisy = Noise(0.01, 1), Noise(0.3, 1)
    assert pair_test(pair, quiet, Noise(0.1, 9)) == PairTest(0.25, 2, 0.1, 4)
    assert pair_test(pair, noisy, Noise(0.1, 2)) == PairTest(0.25, 2, 0.3, 2)
    assert pair_test(pair, quiet, None) == PairTest(0.25, 2, 0.01, 1)
    assert pair_test(Differences(("a", "b"), (0.1,)), None, Noise(0.1, 9)) is None


def test_a_huge_noise_does_not_overflow() -> None:
    assert PairTest(800.0, 2, 500.0, 1).estimate(0.05, is_different=False).is_different is False


def test_an_estimate_is_reversed() -> None:
    assert RatioEstimate(2.0, 1.6, 2.5).reversed() == RatioEstimate(0.5, 0.4, 0.625)
    assert RatioEstimate(2.0, None, None).reversed() == RatioEstimate(0.5, None, None)


def test_students_t_is_scipys() -> None:
    for freedom in (1, 2, 3, 7, 30, 333, 3600):
        for error in (0.5, 0.05, 0.05 / 30, 1e-6):
            assert student_t(freedom, error) == pytest.approx(t.ppf(1 - error / 2, freedom), rel=1e-8)
            assert student_t_error(student_t(freedom, error), freedom) == pytest.approx(error, rel=1e-6)
