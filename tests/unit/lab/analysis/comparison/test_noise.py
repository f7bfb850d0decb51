"""The noise of a route."""

from math import log, sqrt
from statistics import variance

import pytest

from locust_asyncdjango.lab.analysis.comparison.noise import (
    Differences,
    Noise,
    RunVariance,
    count_equal_pairs,
    estimate_noise,
    estimate_noises,
    welch_freedom,
)

RUNS = {"a": (1.0, 1.2, 0.9, 1.1), "b": (1.3, 1.4, 1.1, 1.6), "c": (0.7, 0.6, 0.8, 0.5)}


def differences(first: str, second: str) -> Differences:
    """Return the differences of two arms of RUNS."""
    return Differences((first, second), RUNS[first], RUNS[second])


def test_the_noise_of_two_arms_is_the_spread_of_their_differences() -> None:
    pair = differences("a", "b")
    noise = estimate_noise([[pair]])
    assert noise is not None
    assert noise.spread == pytest.approx(sqrt(variance(pair.logs)))
    assert noise.freedom == 3


def test_the_noise_of_more_arms_is_that_of_a_two_way_layout() -> None:
    means = {arm: sum(runs) / 4 for arm, runs in RUNS.items()}
    blocks = [sum(each) / 3 for each in zip(*RUNS.values(), strict=True)]
    mean = sum(means.values()) / 3
    residuals = [run - means[arm] - blocks[n] + mean for arm, runs in RUNS.items() for n, run in enumerate(runs)]
    spread = sqrt(2 * sum(each**2 for each in residuals) / 6)
    pairs = [differences("a", "b"), differences("a", "c"), differences("b", "c")]
    for subjects, freedom in (([pairs], 6), ([pairs, pairs], 12)):
        noise = estimate_noise(subjects)
        assert noise is not None
        assert noise.spread == pytest.approx(spread)
        assert noise.freedom == freedom


def test_the_mean_of_a_a_pairs_is_known() -> None:
    noise = estimate_noise([], [0.3])
    assert noise == Noise(0.3, 1)
    assert noise.floor == pytest.approx(45.2, abs=0.1)
    assert estimate_noise([[Differences(("a", "b"), (0.5,), (0.0,))]]) is None
    assert estimate_noise([]) is None


def test_the_unpaired_noise_is_that_of_the_runs_of_each_arm() -> None:
    of_two = estimate_noises([[differences("a", "b")]], {})
    assert of_two is not None
    assert of_two.paired == estimate_noise([[differences("a", "b")]])
    assert of_two.unpaired.spread == pytest.approx(sqrt(variance(RUNS["a"]) + variance(RUNS["b"])))
    pairs = [differences("a", "b"), differences("a", "c"), differences("b", "c")]
    of_three = estimate_noises([pairs, pairs], {})
    assert of_three is not None
    assert of_three.unpaired.spread == pytest.approx(sqrt(2 * sum(map(variance, RUNS.values())) / 3))
    assert estimate_noises([[Differences(("a", "b"), (0.5,), (0.0,))]], {"a": [0.1]}) is None


def test_an_a_a_pair_shows_the_noise_of_its_arm() -> None:
    noises = estimate_noises([[differences("a", "b")]], {"a": [0.5], "c": [9.0]})
    assert noises is not None
    of_a = (3 * variance(RUNS["a"]) + 0.5**2 / 2) / 4
    assert noises.unpaired.spread == pytest.approx(sqrt(of_a + variance(RUNS["b"])))
    assert noises.paired.freedom == 3


@pytest.mark.parametrize(
    ("variances", "freedom"),
    [
        ([RunVariance(1.0, 9), RunVariance(1.0, 9)], 15.3),  # 18 if it were known that they are the same
        ([RunVariance(1.0, 9), RunVariance(0.0, 9)], 9),
        ([RunVariance(1.0, 3), RunVariance(1.0, 3)], 4.1),
        ([RunVariance(1.0, 3), RunVariance(0.03, 3)], 3.0),
        ([RunVariance(0.0, 3), RunVariance(0.0, 4)], 3),
        ([RunVariance(1.0, 3), RunVariance(1.0, 3), RunVariance(1.0, 3)], 9),
        ([RunVariance(9.0, 3), RunVariance(1.0, 3), RunVariance(1.0, 3)], 4.4),
    ],
)
def test_arms_that_may_differ_in_noise_have_fewer_degrees_of_freedom(
    variances: list[RunVariance], freedom: float
) -> None:
    assert welch_freedom(variances) == pytest.approx(freedom, abs=0.1)


def test_an_a_a_pair_is_compared_with_the_noise_of_the_others() -> None:
    same = [log(100 / 101), log(100 / 99), log(100 / 102)]
    assert count_equal_pairs(same) == 3
    assert count_equal_pairs([*same, log(1.5)]) == 3
