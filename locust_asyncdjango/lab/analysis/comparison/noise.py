"""How much the runs of an arm differ from each other: the noise of each route by itself.

Routes are never pooled: a quiet route would then find nothing, and a noisy one differences that do not exist.
Moderation towards the other routes (Smyth, 2004) was tried and left out: it called some equal arms different in 4 to
15 % of simulated experiments of 2 to 5 routes. Start reading at ``estimate_noises``.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import exp, fsum, sqrt
from statistics import fmean
from typing import NamedTuple

from scipy.special import fdtri, stdtrit

from locust_asyncdjango.metrics.statistics import ERROR, normal_z

LARGEST_LOG = 700.0
"""The largest logarithm whose exponential is a float."""
CAUTION = 0.9
"""How sure it is that arms differ no more in noise than their degrees of freedom say. Taking the estimates as they are
(Welch, 1947) gives too many: with few repeats and one arm much noisier than the other, a test would err too often."""


class Differences(NamedTuple):
    """The figures of two arms under the same conditions, in the blocks that have both.

    arms: the two. firsts, seconds: the logarithms of their figures by block, the higher ones better. variance: of the
    difference of two of these, the part that is due to the runs' own few requests. is_bound: whether one of the figures
    is only a bound.
    """

    arms: tuple[str, str]
    firsts: tuple[float, ...]
    seconds: tuple[float, ...]
    variance: float = 0.0
    is_bound: bool = False

    @property
    def logs(self) -> tuple[float, ...]:
        """Return the differences, above 0 where the first arm is better."""
        return tuple(first - second for first, second in zip(self.firsts, self.seconds, strict=True))

    @property
    def mean(self) -> float:
        """Return the mean of the differences; there must be one."""
        return fmean(self.logs)

    @property
    def squares(self) -> float:
        """Return the sum of the squared deviations of the differences from their mean."""
        return _squares(self.logs)


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of a route's runs.

    spread: the standard deviation of the difference of two runs. freedom: its degrees of freedom.
    least_spread: the part of it that is due to the runs' own few requests. Two runs that happen to have the same figure
    do not show that any two have.
    """

    spread: float
    freedom: float
    least_spread: float = 0.0

    @property
    def floor(self) -> float:
        """Return the ratio above 1 that two runs of one arm stay below in 95 of 100 cases."""
        return exp(min(max(reach(self.freedom) * self.spread, normal_z() * self.least_spread), LARGEST_LOG))


class Noises(NamedTuple):
    """The noise of some arms, estimated in two ways.

    paired: by the differences within blocks, from which what slows a whole block down cancels. unpaired: by the runs of
    each arm. It includes what differs from block to block, and has up to twice the degrees of freedom.
    """

    paired: Noise
    unpaired: Noise


@dataclass(frozen=True, slots=True)
class RunVariance:
    """The variance of the logarithms of an arm's figures under the same conditions, and its degrees of freedom."""

    value: float
    freedom: int


def estimate_noises(
    subjects: Sequence[Sequence[Differences]], a_a_logs: Mapping[str, Sequence[float]]
) -> Noises | None:
    """Return the noises of a route, or of two arms of it; None if no arm was run twice with another.

    subjects: as for ``estimate_noise``. a_a_logs: differences of two runs of the same arm, by arm. They count in the
    unpaired noise only, because they show the noise of one arm and not of a difference between two.
    """
    paired = estimate_noise(subjects)
    if paired is None:
        return None
    variances = [_run_variance(blocks, a_a_logs.get(arm, ())) for arm, blocks in _runs_by_arm(subjects).items()]
    spread = sqrt(2 * fmean(each.value for each in variances))
    return Noises(paired, Noise(spread, welch_freedom(variances)))


def estimate_noise(subjects: Iterable[Sequence[Differences]], a_a_logs: Sequence[float] = ()) -> Noise | None:
    """Return the noise of a route within its blocks, or of two arms of it; None if nothing was run twice.

    subjects: for each, the differences of every two of its arms. Their mean variance is that of a two-way layout of
    arms and blocks, which has (arms - 1) x (blocks - 1) degrees of freedom.
    a_a_logs: differences of two runs of the same arm, whose mean is known to be 0.
    """
    squares, freedom = fsum(each**2 for each in a_a_logs), float(len(a_a_logs))
    for pairs in subjects:
        repeated = [pair for pair in pairs if len(pair.logs) > 1]
        arms = len({arm for pair in repeated for arm in pair.arms})
        if arms:
            squares += 2 / arms * fsum(pair.squares for pair in repeated)
            freedom += 2 / arms * sum(len(pair.logs) - 1 for pair in repeated)
    return Noise(sqrt(squares / freedom), round(freedom)) if freedom >= 1 else None


def welch_freedom(variances: Sequence[RunVariance]) -> float:
    """Return the degrees of freedom of the mean of two or more variances (Welch-Satterthwaite).

    They are fewer where arms differ in noise, and two variances hardly show whether they do: the larger counts as so
    many times larger as chance could have made it smaller (``CAUTION``). Of more arms, the larger of the route's noise
    and that of two arms counts, which is cautious enough.
    """
    ordered = sorted(variances, key=lambda each: each.value)
    if not ordered[-1].value:
        return min(each.freedom for each in ordered)
    values = [each.value for each in ordered]
    if len(values) == 2:
        values[-1] *= _f_quantile(ordered[-1].freedom, ordered[0].freedom)
    shares = fsum(value**2 / each.freedom for value, each in zip(values, ordered, strict=True))
    return fsum(values) ** 2 / shares


def count_equal_pairs(a_a_logs: Sequence[float]) -> int:
    """Return how many A/A pairs show no difference, each by the noise of the others. There must be two or more."""
    noises = (estimate_noise((), [*a_a_logs[:n], *a_a_logs[n + 1 :]]) for n in range(len(a_a_logs)))
    return sum(
        noise is not None and abs(each) <= reach(noise.freedom) * noise.spread
        for each, noise in zip(a_a_logs, noises, strict=True)
    )


def reach(freedom: float, error: float = ERROR) -> float:
    """Return how many standard errors an interval by Student's t reaches to either side. freedom: may be a fraction."""
    return -float(stdtrit(freedom, error / 2))


def _runs_by_arm(subjects: Iterable[Sequence[Differences]]) -> dict[str, list[tuple[float, ...]]]:
    """Return the figures of each arm, a tuple for each of its subjects."""
    by_arm: dict[str, list[tuple[float, ...]]] = {}
    for pairs in subjects:
        longest: dict[str, tuple[float, ...]] = {}
        for pair in pairs:
            for arm, runs in zip(pair.arms, (pair.firsts, pair.seconds), strict=True):
                longest[arm] = max(longest.get(arm, ()), runs, key=len)
        for arm, runs in longest.items():
            if len(runs) > 1:
                by_arm.setdefault(arm, []).append(runs)
    return by_arm


def _run_variance(blocks: Sequence[Sequence[float]], a_a_logs: Sequence[float]) -> RunVariance:
    squares = fsum(map(_squares, blocks)) + fsum(each**2 for each in a_a_logs) / 2
    freedom = sum(len(runs) - 1 for runs in blocks) + len(a_a_logs)
    return RunVariance(squares / freedom, freedom)


def _squares(values: Sequence[float]) -> float:
    mean = fmean(values)
    return fsum((each - mean) ** 2 for each in values)


@lru_cache(maxsize=4096)
def _f_quantile(above: int, below: int) -> float:
    """Return the quantile of the ratio of two estimates of the same variance with these degrees of freedom."""
    return float(fdtri(above, below, CAUTION))
