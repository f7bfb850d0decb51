"""Which of two arms carries more, by how much and how sure: the unit is the run, never the request.

Definitions
    pair: two runs under the same conditions, one of each arm, near each other in time: a machine that drifts does so
        for both. Its difference is that of the logarithms of what they carried.
    ratio: of two arms, the geometric mean over their pairs.
    noise: the spread of the differences of pairs of the same arms under the same conditions about their mean, of all
        arms and conditions of an experiment together, as a few pairs of one say little of it. Of an A/A pair, two runs
        of the same arm, the mean is known to be 0.
    speed: how much faster the machine was in the first run of a pair, as a logarithm. Noise may be told without what
        goes with it: differences are then taken to rise in proportion to speed, by a slope that is fitted to the pairs
        within each two arms (analysis of covariance). That holds only between arms that load the processors alike, as
        an arm that loads them more makes them slower itself.
    interval: 95 %, by Student's t with that noise. (A bootstrap of so few pairs is no better than its guess of their
        spread: in simulated experiments of 12 runs it called 11 % of equal arms different, and studentized 2 %.)
        Where runs go on until it is decided, each look at it shares in the 5 % (Bonferroni).
    verdict: the one whose interval lies on one side of 1; else there is no detectable difference.
    A/A pair: two runs of the same arm. It shows no difference if it lies within what the others leave open.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, fsum, log, sqrt
from typing import NamedTuple, Self

from locust_asyncdjango.metrics.statistics import ERROR, student_t

RISE = 16
"""A machine 1 % faster changes a difference by so many hundredths of the spread that is left (0.5 and 0.03 here)."""
WORTH = 1.3
"""How many times as much is to be gained by telling apart what goes with speed as is lost by fitting its slope."""
LARGEST_LOG = 700.0
"""Whose exponential can be told."""


class Pair(NamedTuple):
    """What each of two runs carried, the first arm's first. speed: 0 where it is not known, or not to be used."""

    first: float
    second: float
    speed: float = 0.0


@dataclass(frozen=True, slots=True)
class Noise:
    """Of the pairs of an experiment. spread: the standard deviation of a pair's difference. freedom: degrees of it.

    slope: how differences rise with speed; 0 where speed is left alone. slope_error: its standard error, in spreads.
    """

    spread: float
    freedom: int
    slope: float = 0.0
    slope_error: float = 0.0

    @property
    def floor(self) -> float:
        """The ratio above 1 that a pair of runs of one arm stays below in 95 of 100 cases."""
        return _exp(student_t(self.freedom) * self.spread)


@dataclass(frozen=True, slots=True)
class RatioEstimate:
    """Two arms: how many times as much the first carried as the second.

    low, high: None where the noise is not known.
    """

    ratio: float
    low: float | None
    high: float | None

    @property
    def is_different(self) -> bool | None:
        """Whether the interval lies on one side of 1; None where there is none."""
        return None if self.low is None or self.high is None else not self.low <= 1 <= self.high


@dataclass(frozen=True, slots=True)
class NoiseSample:
    """How far the differences of pairs are from their mean, with how far the speeds are from theirs."""

    off: tuple[float, ...]
    speeds: tuple[float, ...]
    freedom: int

    @classmethod
    def of(cls, compared_pairs: Iterable[Sequence[Pair]], a_a_pairs: Sequence[Pair]) -> Self:
        """compared_pairs: of the same arms under the same conditions. a_a_pairs: two runs of the same arm each."""
        off = _differences(a_a_pairs)
        speeds = [pair.speed for pair in a_a_pairs] if off else []
        freedom = len(off)
        for pairs in compared_pairs:
            if found := _differences(pairs):
                off += _about_mean(found)
                speeds += _about_mean([pair.speed for pair in pairs])
                freedom += len(found) - 1
        return cls(tuple(off), tuple(speeds), freedom)

    @property
    def fastness(self) -> float:
        """The sum of the speeds' squares."""
        return fsum(speed**2 for speed in self.speeds)

    @property
    def tell_more_by_speed(self) -> bool:
        """Whether the machine was so uneven, and the pairs so many, that it is worth the slope's degree of freedom.

        What they carried is not looked at, or the interval would no longer be one of 95 %.
        """
        if self.freedom < 2:
            return False
        gain = sqrt(1 + RISE**2 * self.fastness / self.freedom)
        return gain > WORTH * student_t(self.freedom - 1) / student_t(self.freedom)

    def noise(self, *, by_speed: bool = False) -> Noise | None:
        """None where nothing tells it. by_speed: without what goes with speed."""
        if not by_speed:
            return Noise(_spread(self.off, self.freedom), self.freedom) if self.freedom else None
        if self.freedom < 2 or not self.fastness:
            return None
        slope = fsum(each * speed for each, speed in zip(self.off, self.speeds, strict=True)) / self.fastness
        left = [each - slope * speed for each, speed in zip(self.off, self.speeds, strict=True)]
        return Noise(_spread(left, self.freedom - 1), self.freedom - 1, slope, 1 / sqrt(self.fastness))


def noise(compared_pairs: Iterable[Sequence[Pair]], a_a_pairs: Sequence[Pair] = ()) -> Noise | None:
    """Of an experiment; None where no arms were compared twice and there is no A/A pair."""
    return NoiseSample.of(compared_pairs, a_a_pairs).noise()


def speed_adjusted_noise(compared_pairs: Iterable[Sequence[Pair]], a_a_pairs: Sequence[Pair] = ()) -> Noise | None:
    """The same without what goes with the machine's speed; None where that would not tell more."""
    found = NoiseSample.of(compared_pairs, a_a_pairs)
    return found.noise(by_speed=True) if found.tell_more_by_speed else None


def compared(pairs: Sequence[Pair], noise: Noise | None, error: float = ERROR) -> RatioEstimate | None:
    """Two arms under the same conditions; None where there is no pair, or a run carried nothing.

    error: how often the interval may miss the truth.
    """
    mean = mean_log_ratio(pairs, noise.slope if noise else 0.0)
    if mean is None or noise is None:
        return None if mean is None else _around(mean, None)
    speed = fsum(pair.speed for pair in pairs) / len(pairs)
    margin = student_t(noise.freedom, error) * noise.spread * sqrt(1 / len(pairs) + (speed * noise.slope_error) ** 2)
    return _around(mean, margin)


def mean_log_ratio(pairs: Sequence[Pair], slope: float) -> float | None:
    """Of the logarithms, without what goes with speed; None as for ``compared``."""
    found = _differences(pairs)
    return fsum(found) / len(found) - slope * fsum(pair.speed for pair in pairs) / len(pairs) if found else None


def compare_unpaired(first: Sequence[Sequence[float]], second: Sequence[Sequence[float]]) -> list[RatioEstimate | None]:
    """How many times as much each arm carried in its second runs as in its first, which may be another day's.

    first, second: runs of each arm. The noise is the spread of an arm's runs about their mean, of all arms and both
    times together; without any there is no interval. None where a run carried nothing.
    """
    groups = [_logs(runs) for runs in (*first, *second)]
    squares = [(each - fsum(group) / len(group)) ** 2 for group in groups if group for each in group]
    freedom = len(squares) - sum(map(bool, groups))
    margin = student_t(freedom) * sqrt(fsum(squares) / freedom) if freedom else None

    def change(before: Sequence[float], after: Sequence[float]) -> RatioEstimate | None:
        if not before or not after:
            return None
        mean = fsum(after) / len(after) - fsum(before) / len(before)
        return _around(mean, None if margin is None else margin * sqrt(1 / len(before) + 1 / len(after)))

    return [change(before, after) for before, after in zip(groups, groups[len(first) :], strict=False)]


def alike(a_a_pairs: Sequence[Pair]) -> int:
    """How many of some A/A pairs, three at least, show no difference."""
    by_speed = NoiseSample.of([], a_a_pairs).tell_more_by_speed
    others = ([other for m, other in enumerate(a_a_pairs) if m != n] for n in range(len(a_a_pairs)))
    noises = (NoiseSample.of([], rest).noise(by_speed=by_speed) for rest in others)
    found = (compared([pair], each) for pair, each in zip(a_a_pairs, noises, strict=True))
    return sum(each is not None and each.is_different is False for each in found)


def _around(mean: float, margin: float | None) -> RatioEstimate:
    if margin is None:
        return RatioEstimate(_exp(mean), None, None)
    return RatioEstimate(_exp(mean), _exp(mean - margin), _exp(mean + margin))


def _about_mean(values: Sequence[float]) -> list[float]:
    return [value - fsum(values) / len(values) for value in values]


def _spread(off: Sequence[float], freedom: int) -> float:
    return sqrt(fsum(each**2 for each in off) / freedom)


def _logs(runs: Sequence[float]) -> list[float]:
    return [log(each) for each in runs] if runs and min(runs) > 0 else []


def _differences(pairs: Sequence[Pair]) -> list[float]:
    """Empty where a run carried nothing: there is no ratio to it, and to leave it out would hide it."""
    if any(min(pair.first, pair.second) <= 0 for pair in pairs):
        return []
    return [log(pair.first) - log(pair.second) for pair in pairs]


def _exp(value: float) -> float:
    return exp(max(min(value, LARGEST_LOG), -LARGEST_LOG))
