"""Statistics of arms whose difference and noise are known."""

from math import exp, log
from random import Random

import pytest
from scipy.stats import t

from locust_asyncdjango.lab.analysis.paired_stats import (
    Noise,
    Pair,
    RatioEstimate,
    clear_ratio,
    compare,
    count_equal_pairs,
    estimate_noise,
    estimate_speed_corrected_noise,
)
from locust_asyncdjango.metrics.statistics import ERROR, student_t

RUN_NOISE = 0.03


def drifting_pairs(slowdown: float, count: int, chance: Random) -> list[Pair]:
    """Return pairs whose second arm carries less by the slowdown, on a machine whose speed drifts."""
    made = []
    for _ in range(count):
        drift = chance.lognormvariate(0, 0.2)
        first, second = (drift * chance.lognormvariate(0, RUN_NOISE) for _ in range(2))
        made.append(Pair(100 * first, 100 * (1 - slowdown) * second))
    return made


def experiment(slowdown: float, seed: int, comparisons: int = 18, repeats: int = 2) -> RatioEstimate:
    """Return the first comparison of an experiment of the quick preset's size."""
    chance = Random(seed)
    measured = [drifting_pairs(slowdown if not n else 0.3, repeats, chance) for n in range(comparisons)]
    estimate = compare(measured[0], estimate_noise(measured))
    assert estimate is not None
    return estimate


def covers(estimate: RatioEstimate, truth: float) -> bool:
    return estimate.low is not None and estimate.high is not None and estimate.low <= truth <= estimate.high


def test_equal_arms_are_rarely_called_different() -> None:
    assert sum(bool(experiment(0.0, seed).is_different) for seed in range(400)) <= 0.075 * 400


def test_a_tenth_less_is_detected() -> None:
    estimates = [experiment(0.1, seed) for seed in range(200)]
    assert sum(bool(each.is_different) for each in estimates) >= 0.9 * 200
    assert sum(covers(each, 1 / 0.9) for each in estimates) >= 0.92 * 200


def test_one_pair_has_a_ratio_but_no_interval() -> None:
    estimate = compare([Pair(200.0, 100.0)], estimate_noise([[Pair(200.0, 100.0)]]))
    assert estimate is not None
    assert (round(estimate.ratio, 6), estimate.low, estimate.high, estimate.is_different) == (2.0, None, None, None)


def test_one_a_a_pair_gives_a_noise_floor() -> None:
    estimate = estimate_noise([[Pair(200.0, 100.0)]], [Pair(100.0, 103.0)])
    assert estimate is not None
    assert (round(estimate.spread, 4), estimate.freedom) == (0.0296, 1)
    assert estimate.floor == pytest.approx(1.456, abs=0.001)
    close, far = compare([Pair(100.0, 102.0)], estimate), compare([Pair(100.0, 50.0)], estimate)
    assert close is not None
    assert far is not None
    assert (close.is_different, far.is_different) == (False, True)


@pytest.mark.parametrize("pairs", [[], [Pair(0.0, 1.0)], [Pair(1.0, 0.0)], [Pair(100.0, 110.0), Pair(100.0, 0.0)]])
def test_a_run_that_carried_nothing_has_no_ratio(pairs: list[Pair]) -> None:
    assert compare(pairs, Noise(0.1, 5)) is None


def test_a_huge_noise_does_not_overflow() -> None:
    estimate = compare([Pair(1.0, 1e300)], Noise(500.0, 1))
    assert estimate is not None
    assert estimate.is_different is False


def decided(slowdown: float, seed: int, most: int = 10) -> tuple[bool, int]:
    """Return whether an experiment that checks after each pair calls two arms different, and after how many pairs."""
    chance = Random(seed)
    measured, a_a = drifting_pairs(slowdown, most, chance), drifting_pairs(0.0, 1, chance)
    for count in range(2, most + 1):
        estimate = compare(measured[:count], estimate_noise([measured[:count]], a_a), ERROR / (most - 1))
        assert estimate is not None
        if estimate.is_different or (estimate.low and estimate.high and estimate.high <= 1.1 * estimate.low):
            return bool(estimate.is_different), count
    return False, most


def test_checking_after_each_pair_does_not_raise_the_error_rate() -> None:
    outcomes = [decided(0.0, seed) for seed in range(300)]
    assert sum(different for different, _ in outcomes) <= 0.05 * 300
    outcomes = [decided(0.1, seed) for seed in range(300)]
    assert sum(different for different, _ in outcomes) >= 0.9 * 300
    assert sum(count for _, count in outcomes) <= 7 * 300


def test_an_a_a_pair_is_compared_with_the_noise_of_the_others() -> None:
    same = [Pair(100.0, 101.0), Pair(100.0, 99.0), Pair(100.0, 102.0)]
    assert count_equal_pairs(same) == 3
    assert count_equal_pairs([*same, Pair(100.0, 150.0)]) == 3
    assert count_equal_pairs([Pair(100.0, 100.0), Pair(100.0, 300.0), Pair(0.0, 5.0)]) == 0  # no ratio for one of them


def pairs_of_uneven_speed(slowdown: float, count: int, chance: Random) -> list[Pair]:
    """Return pairs of runs on a machine that is sometimes much slower, which is measured but roughly."""

    def run() -> tuple[float, float]:
        speed = chance.choice((0.0, 0.0, -0.4)) + chance.gauss(0, 0.1)
        return exp(0.7 * speed) * chance.lognormvariate(0, RUN_NOISE), speed + chance.gauss(0, 0.03)

    made = []
    for _ in range(count):
        (first, speed), (second, speed_of_second) = run(), run()
        made.append(Pair(100 * first, 100 * (1 - slowdown) * second, speed - speed_of_second))
    return made


@pytest.mark.parametrize(("slowdown", "least"), [(0.0, 0.0), (0.1, 0.9)])
def test_the_correction_for_the_machines_speed_narrows_intervals(slowdown: float, least: float) -> None:
    experiments, missed, decided = 300, 0, [0, 0]
    for seed in range(experiments):
        measured = pairs_of_uneven_speed(slowdown, 8, Random(seed))
        for by_speed in (False, True):
            estimate = compare(
                measured, (by_speed and estimate_speed_corrected_noise([measured])) or estimate_noise([measured])
            )
            assert estimate is not None
            decided[by_speed] += bool(estimate.is_different)
            missed += by_speed and not covers(estimate, 1 / (1 - slowdown))
    assert missed <= 0.075 * experiments
    assert decided[1] >= least * experiments
    assert not least or decided[0] < decided[1] / 2


def test_the_slope_of_the_correction_for_speed() -> None:
    measured = [Pair(2.0 ** (n / 2), 1.0, log(2.0) * n) for n in range(-3, 4)]
    estimate = estimate_speed_corrected_noise([measured])
    assert estimate is not None
    assert (round(estimate.slope, 9), round(estimate.spread, 9), estimate.freedom) == (0.5, 0.0, 5)
    by_all = compare(measured[4:], estimate)
    assert by_all is not None
    assert (round(by_all.ratio, 9), round(by_all.high or 0, 9)) == (1.0, 1.0)


def test_there_is_no_correction_for_speed_where_it_would_not_help() -> None:
    uneven = [Pair(1.0, 1.0, 0.2 * n) for n in range(-3, 4)]
    even = [Pair(1.0, 1.0, 0.02 * n) for n in range(-3, 4)]
    assert estimate_speed_corrected_noise([uneven]) is not None
    assert estimate_speed_corrected_noise([uneven[:2]]) is None  # too few
    assert estimate_speed_corrected_noise([even]) is None
    assert estimate_speed_corrected_noise([[Pair(1.0, 2.0)] * 9]) is None  # no speed is known
    assert estimate_speed_corrected_noise([], [Pair(0.0, 1.0, 0.5)] * 9) is None


@pytest.mark.parametrize(
    ("peaks_per_s", "ratio"), [((100.0, 110.0), 1.1), ((1.0, 1.1), 2.4), ((10_000.0, 10_000.0), 1.1)]
)
def test_single_runs_with_few_requests_need_a_larger_ratio(peaks_per_s: tuple[float, float], ratio: float) -> None:
    assert round(clear_ratio(*peaks_per_s), 1) == ratio


def test_students_t_is_scipys() -> None:
    for freedom in (1, 2, 3, 7, 30, 333, 3600):
        for error in (0.5, 0.05, 0.05 / 30, 1e-6):
            assert student_t(freedom, error) == pytest.approx(t.ppf(1 - error / 2, freedom), rel=1e-8)
