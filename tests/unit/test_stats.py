"""Planted truths: arms whose difference and noise are known."""

from random import Random

import pytest

from locust_asyncdjango.lab.stats import ERROR, Compared, Noise, Pair, alike, compared, noise, unpaired

RUN_NOISE = 0.03


def pairs(slowdown: float, count: int, chance: Random) -> list[Pair]:
    """Of a second arm that carries less than the first by the slowdown, on a machine that drifts."""
    found = []
    for _ in range(count):
        drift = chance.lognormvariate(0, 0.2)
        first, second = (drift * chance.lognormvariate(0, RUN_NOISE) for _ in range(2))
        found.append((100 * first, 100 * (1 - slowdown) * second))
    return found


def experiment(slowdown: float, seed: int, comparisons: int = 18, repeats: int = 2) -> Compared:
    """The first comparison of an experiment of the quick preset's size."""
    chance = Random(seed)
    measured = [pairs(slowdown if not n else 0.3, repeats, chance) for n in range(comparisons)]
    found = compared(measured[0], noise(measured))
    assert found is not None
    return found


def covers(found: Compared, truth: float) -> bool:
    return found.low is not None and found.high is not None and found.low <= truth <= found.high


def test_the_same_arm_twice_is_no_difference() -> None:
    assert sum(bool(experiment(0.0, seed).is_different) for seed in range(400)) <= 0.075 * 400


def test_a_tenth_less_is_found() -> None:
    found = [experiment(0.1, seed) for seed in range(200)]
    assert sum(bool(each.is_different) for each in found) >= 0.9 * 200
    assert sum(covers(each, 1 / 0.9) for each in found) >= 0.92 * 200


def test_without_a_second_pair_nothing_is_known_of_the_noise() -> None:
    found = compared([(200.0, 100.0)], noise([[(200.0, 100.0)]]))
    assert found is not None
    assert (round(found.ratio, 6), found.low, found.high, found.is_different) == (2.0, None, None, None)


def test_an_a_a_pair_alone_gives_a_noise_floor() -> None:
    found = noise([[(200.0, 100.0)]], [(100.0, 103.0)])
    assert found is not None
    assert (round(found.spread, 4), found.freedom) == (0.0296, 1)
    assert found.floor == pytest.approx(1.456, abs=0.001)
    close, far = compared([(100.0, 102.0)], found), compared([(100.0, 50.0)], found)
    assert close is not None
    assert far is not None
    assert (close.is_different, far.is_different) == (False, True)


@pytest.mark.parametrize("given", [[], [(0.0, 1.0)], [(1.0, 0.0)], [(100.0, 110.0), (100.0, 0.0)]])
def test_what_carried_nothing_has_no_ratio(given: list[Pair]) -> None:
    assert compared(given, Noise(0.1, 5)) is None


def test_a_huge_noise_can_still_be_told() -> None:
    found = compared([(1.0, 1e300)], Noise(500.0, 1))
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
    less, same, once, nothing = unpaired(before, after)
    assert less is not None
    assert less.is_different
    assert covers(less, 0.905)
    assert same is not None
    assert not same.is_different
    assert once is not None
    assert once.low is not None  # by the noise of the others
    assert nothing is None
    (found,) = unpaired([[100.0]], [[90.0]])
    assert found is not None
    assert (round(found.ratio, 6), found.low, found.high) == (0.9, None, None)


def test_an_a_a_pair_is_held_against_the_others() -> None:
    same = [(100.0, 101.0), (100.0, 99.0), (100.0, 102.0)]
    assert alike(same) == 3
    assert alike([*same, (100.0, 150.0)]) == 3
    assert alike([(100.0, 100.0), (100.0, 300.0), (0.0, 5.0)]) == 0  # of which nothing is known
