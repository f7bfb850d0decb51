"""The noise of a route."""

from math import log, sqrt
from statistics import variance

import pytest

from locust_asyncdjango.lab.analysis.comparison.noise import Differences, Noise, count_equal_pairs, estimate_noise

RUNS = {"a": (1.0, 1.2, 0.9, 1.1), "b": (1.3, 1.4, 1.1, 1.6), "c": (0.7, 0.6, 0.8, 0.5)}


def differences(first: str, second: str) -> Differences:
    """Return the differences of two arms of RUNS."""
    return Differences((first, second), tuple(x - y for x, y in zip(RUNS[first], RUNS[second], strict=True)))


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
    assert estimate_noise([[Differences(("a", "b"), (0.5,))]]) is None
    assert estimate_noise([]) is None


def test_an_a_a_pair_is_compared_with_the_noise_of_the_others() -> None:
    same = [log(100 / 101), log(100 / 99), log(100 / 102)]
    assert count_equal_pairs(same) == 3
    assert count_equal_pairs([*same, log(1.5)]) == 3
