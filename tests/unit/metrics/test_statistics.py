"""Statistics against tables, slow definitions and the standard library."""

from collections import Counter
from fractions import Fraction
from math import ceil
from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.metrics.statistics import (
    FEWEST_CORRELATED,
    MeanEstimate,
    correlated_mean,
    holm_errors,
    noise,
    normal_z,
    percentile,
    percentiles,
    student_t,
)


# From the table of Student's t in NIST/SEMATECH, e-Handbook of Statistical Methods, 1.3.6.7.2.
@pytest.mark.parametrize(
    ("freedom", "error", "t"),
    [
        (1, 0.05, 12.706),
        (2, 0.05, 4.303),
        (3, 0.05, 3.182),
        (4, 0.05, 2.776),
        (10, 0.05, 2.228),
        (30, 0.05, 2.042),
        (100, 0.05, 1.984),
        (1, 0.002, 318.309),
        (5, 0.002, 5.893),
        (6, 0.20, 1.440),
    ],
)
def test_students_t_is_that_of_the_table(freedom: int, error: float, t: float) -> None:
    assert student_t(freedom, error) == pytest.approx(t, abs=0.0006)


@given(st.integers(1, 2000), st.floats(1e-6, 0.9))
def test_students_t_is_above_the_normal_distribution_and_falls_towards_it(freedom: int, error: float) -> None:
    assert student_t(freedom, error) > student_t(freedom + 1, error) > normal_z(error)


def test_of_many_degrees_of_freedom_students_t_is_the_normal_distribution() -> None:
    assert student_t(100_000) == pytest.approx(normal_z(), abs=1e-4)
    assert normal_z() == pytest.approx(1.959964, abs=1e-6)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60), st.fractions(0, 100))
def test_a_percentile_is_the_value_at_its_rank(values: list[int], percent: Fraction) -> None:
    expected = sorted(values)[max(ceil(percent * len(values) / 100), 1) - 1] if percent else 0.0
    assert percentile(Counter(values), percent) == expected


def test_several_percentiles_and_values_that_never_occurred() -> None:
    counts = {10.0: 0, 20.0: 19, 30.0: 0, 40.0: 1}
    assert percentiles(counts, (Fraction(50), Fraction(95), Fraction(951, 10), Fraction(100))) == [20, 20, 40, 40]


def test_a_trend_is_no_noise() -> None:
    assert noise([float(n) for n in range(100)]) == pytest.approx(0.5**0.5)  # a step of 1 each, and nothing else
    assert noise([0.0, 10.0] * 50) == pytest.approx(10 / 2**0.5)
    assert (noise([]), noise([7.0])) == (0.0, 0.0)


def correlated_values(seed: int, count: int, correlation: float) -> list[float]:
    """Return values around 100 with a standard deviation of 1, each of which resembles the one before."""
    chance = Random(seed)
    deviations = [chance.gauss()]
    while len(deviations) < count:
        deviations.append(correlation * deviations[-1] + (1 - correlation**2) ** 0.5 * chance.gauss())
    return [100 + deviation for deviation in deviations]


@pytest.mark.parametrize(
    ("count", "correlation", "fewest"),
    [(30, 0.0, 185), (30, 0.8, 176), (60, 0.0, 184), (60, 0.8, 182), (180, 0.8, 182)],
)
def test_the_interval_of_a_mean_covers_the_truth_though_values_resemble_each_other(
    count: int, correlation: float, fewest: int
) -> None:
    covered = 0
    for seed in range(200):
        estimate = correlated_mean(correlated_values(seed, count, correlation))
        assert estimate is not None
        low, high = estimate.interval
        covered += low <= 100 <= high
    assert fewest <= covered <= 200


def test_the_interval_of_independent_values_is_hardly_wider_than_students() -> None:
    widths = []
    for seed in range(50):
        estimate = correlated_mean(correlated_values(seed, 180, 0.0))
        assert estimate is not None
        widths.append(estimate.interval[1] - estimate.interval[0])
    assert fmean(widths) < 1.6 * 2 * student_t(179) / 180**0.5


def test_too_few_values_and_values_without_noise() -> None:
    assert correlated_mean([100.0] * (FEWEST_CORRELATED - 1)) is None
    assert correlated_mean([100.0] * FEWEST_CORRELATED) == MeanEstimate(100.0, 0.0, 5)


def test_holms_method_goes_on_as_long_as_it_finds_differences() -> None:
    assert holm_errors([0.02, 0.001, 0.04], 3, 0.06) == [0.03, 0.02, 0.06]
    assert holm_errors([0.04, 0.001, 0.05], 3, 0.06) == [0.03, 0.02, 0.03]  # 0.04 is no difference, so 0.05 is none
    assert holm_errors([0.02, 0.001], 12, 0.06) == [0.06 / 11, 0.005]  # the others have not been measured yet
    assert holm_errors([0.0, 0.0], 1, 0.06) == [0.06, 0.06]
    assert holm_errors([], 3) == []
