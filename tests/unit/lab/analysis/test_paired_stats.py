"""Planted truths: arms whose difference and noise are known."""

from math import exp, log
from random import Random

import pytest
from scipy.stats import t

from locust_asyncdjango.lab.analysis.paired_stats import (
    Noise,
    Pair,
    RatioEstimate,
    alike,
    compare_unpaired,
    compared,
    noise,
    speed_adjusted_noise,
)
from locust_asyncdjango.metrics.statistics import ERROR, student_t

RUN_NOISE = 0.03


def pairs(slowdown: float, count: int, chance: Random) -> list[Pair]:
    """Of a second arm that carries less than the first by the slowdown, on a machine that drifts."""
    found = []
    for _ in range(count):
        drift = chance.lognormvariate(0, 0.2)
        first, second = (drift * chance.lognormvariate(0, RUN_NOISE) for _ in range(2))
        found.append(Pair(100 * first, 100 * (1 - slowdown) * second))
    return found


def experiment(slowdown: float, seed: int, comparisons: int = 18, repeats: int = 2) -> RatioEstimate:
    """The first comparison of an experiment of the quick preset's size."""
    chance = Random(seed)
    measured = [pairs(slowdown if not n else 0.3, repeats, chance) for n in range(comparisons)]
    found = compared(measured[0], noise(measured))
    assert found is not None
    return found


def covers(found: RatioEstimate, truth: float) -> bool:
    return found.low is not None and found.high is not None and found.low <= truth <= found.high


def test_the_same_arm_twice_is_no_difference() -> None:
    assert sum(bool(experiment(0.0, seed).is_different) for seed in range(400)) <= 0.075 * 400


def test_a_tenth_less_is_found() -> None:
    found = [experiment(0.1, seed) for seed in range(200)]
    assert sum(bool(each.is_different) for each in found) >= 0.9 * 200
    assert sum(covers(each, 1 / 0.9) for each in found) >= 0.92 * 200


def test_without_a_second_pair_nothing_is_known_of_the_noise() -> None:
    found = compared([Pair(200.0, 100.0)], noise([[Pair(200.0, 100.0)]]))
    assert found is not None
    assert (round(found.ratio, 6), found.low, found.high, found.is_different) == (2.0, None, None, None)


def test_an_a_a_pair_alone_gives_a_noise_floor() -> None:
    found = noise([[Pair(200.0, 100.0)]], [Pair(100.0, 103.0)])
    assert found is not None
    assert (round(found.spread, 4), found.freedom) == (0.0296, 1)
    assert found.floor == pytest.approx(1.456, abs=0.001)
    close, far = compared([Pair(100.0, 102.0)], found), compared([Pair(100.0, 50.0)], found)
    assert close is not None
    assert far is not None
    assert (close.is_different, far.is_different) == (False, True)


@pytest.mark.parametrize("given", [[], [Pair(0.0, 1.0)], [Pair(1.0, 0.0)], [Pair(100.0, 110.0), Pair(100.0, 0.0)]])
def test_what_carried_nothing_has_no_ratio(given: list[Pair]) -> None:
    assert compared(given, Noise(0.1, 5)) is None


def test_a_huge_noise_can_still_be_told() -> None:
    found = compared([Pair(1.0, 1e300)], Noise(500.0, 1))
    assert found is not None
    assert found.is_different is False


def decided(slowdown: float, seed: int, most: int = 10) -> tuple[bool, int]:
    """Whether an experiment of two arms, looked at after each pair, calls them different, and after how many pairs."""
    chance = Random(seed)
    measured, a_a = pairs(slowdown, most, chance), pairs(0.0, 1, chance)
    for count in range(2, most + 1):
        found = compared(measured[:count], noise([measured[:count]], a_a), ERROR / (most - 1))
        assert found is not None
        if found.is_different or (found.low and found.high and found.high <= 1.1 * found.low):
            return bool(found.is_different), count
    return False, most


def test_who_looks_often_is_not_wrong_more_often() -> None:
    found = [decided(0.0, seed) for seed in range(300)]
    assert sum(different for different, _ in found) <= 0.05 * 300
    found = [decided(0.1, seed) for seed in range(300)]
    assert sum(different for different, _ in found) >= 0.9 * 300
    assert sum(count for _, count in found) <= 7 * 300


def test_what_changed_between_two_times_is_told_by_the_spread_of_runs() -> None:
    before, after = [[100.0, 102.0, 98.0], [50.0, 51.0, 49.0], [7.0], [0.0]], [[90.0, 91.0], [50.5, 49.5], [7.0], [7.0]]
    less, same, once, nothing = compare_unpaired(before, after)
    assert less is not None
    assert less.is_different
    assert covers(less, 0.905)
    assert same is not None
    assert not same.is_different
    assert once is not None
    assert once.low is not None  # by the noise of the others
    assert nothing is None
    (found,) = compare_unpaired([[100.0]], [[90.0]])
    assert found is not None
    assert (round(found.ratio, 6), found.low, found.high) == (0.9, None, None)


def test_an_a_a_pair_is_held_against_the_others() -> None:
    same = [Pair(100.0, 101.0), Pair(100.0, 99.0), Pair(100.0, 102.0)]
    assert alike(same) == 3
    assert alike([*same, Pair(100.0, 150.0)]) == 3
    assert alike([Pair(100.0, 100.0), Pair(100.0, 300.0), Pair(0.0, 5.0)]) == 0  # of which nothing is known


def pairs_of_uneven_speed(slowdown: float, count: int, chance: Random) -> list[Pair]:
    """On a machine that is now and then half as fast, which is told but roughly."""

    def run() -> tuple[float, float]:
        speed = chance.choice((0.0, 0.0, -0.4)) + chance.gauss(0, 0.1)
        return exp(0.7 * speed) * chance.lognormvariate(0, RUN_NOISE), speed + chance.gauss(0, 0.03)

    found = []
    for _ in range(count):
        (first, speed), (second, speed_of_second) = run(), run()
        found.append(Pair(100 * first, 100 * (1 - slowdown) * second, speed - speed_of_second))
    return found


@pytest.mark.parametrize(("slowdown", "least"), [(0.0, 0.0), (0.1, 0.9)])
def test_what_goes_with_the_machines_speed_is_told_apart(slowdown: float, least: float) -> None:
    experiments, missed, decided = 300, 0, [0, 0]
    for seed in range(experiments):
        measured = pairs_of_uneven_speed(slowdown, 8, Random(seed))
        for by_speed in (False, True):
            found = compared(measured, (by_speed and speed_adjusted_noise([measured])) or noise([measured]))
            assert found is not None
            decided[by_speed] += bool(found.is_different)
            missed += by_speed and not covers(found, 1 / (1 - slowdown))
    assert missed <= 0.075 * experiments
    assert decided[1] >= least * experiments
    assert not least or decided[0] < decided[1] / 2


def test_the_slope_of_the_machines_speed() -> None:
    measured = [Pair(2.0 ** (n / 2), 1.0, log(2.0) * n) for n in range(-3, 4)]
    found = speed_adjusted_noise([measured])
    assert found is not None
    assert (round(found.slope, 9), round(found.spread, 9), found.freedom) == (0.5, 0.0, 5)
    by_all = compared(measured[4:], found)
    assert by_all is not None
    assert (round(by_all.ratio, 9), round(by_all.high or 0, 9)) == (1.0, 1.0)


def test_where_the_machines_speed_tells_nothing_it_is_left_alone() -> None:
    uneven = [Pair(1.0, 1.0, 0.2 * n) for n in range(-3, 4)]
    even = [Pair(1.0, 1.0, 0.02 * n) for n in range(-3, 4)]
    assert speed_adjusted_noise([uneven]) is not None
    assert speed_adjusted_noise([uneven[:2]]) is None  # too few
    assert speed_adjusted_noise([even]) is None
    assert speed_adjusted_noise([[Pair(1.0, 2.0)] * 9]) is None  # nothing is known of it
    assert speed_adjusted_noise([], [Pair(0.0, 1.0, 0.5)] * 9) is None


def test_students_t_is_scipys() -> None:
    for freedom in (1, 2, 3, 7, 30, 333, 3600):
        for error in (0.5, 0.05, 0.05 / 30, 1e-6):
            assert student_t(freedom, error) == pytest.approx(t.ppf(1 - error / 2, freedom), rel=1e-8)
