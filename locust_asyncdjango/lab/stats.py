"""Which of two arms carries more, by how much and how sure: the unit is the run, never the request.

Definitions
    pair: two runs under the same conditions, one of each arm, near each other in time: a machine that drifts does so
        for both. Its difference is that of the logarithms of what they carried.
    ratio: of two arms, the geometric mean over their pairs.
    noise: the spread of the differences of pairs of the same arms under the same conditions about their mean, of all
        arms and conditions of an experiment together, as a few pairs of one say little of it. Of an A/A pair, two runs
        of the same arm, the mean is known to be 0.
    interval: 95 %, by Student's t with that noise. (A bootstrap of so few pairs is no better than its guess of their
        spread: in simulated experiments of 12 runs it called 11 % of equal arms different, and studentized 2 %.)
        Where runs go on until it is decided, each look at it shares in the 5 % (Bonferroni).
    verdict: the one whose interval lies on one side of 1; else there is no detectable difference.
    A/A pair: two runs of the same arm. It shows no difference if it lies within what the others leave open.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, fsum, log, sqrt

from scipy.stats import t

ERROR = 0.05
"""How often an interval may miss the truth."""
LARGEST_LOG = 700.0
"""Whose exponential can be told."""

Pair = tuple[float, float]
"""What each of two runs carried, the first arm's first."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Of the pairs of an experiment. spread: the standard deviation of a pair's difference. freedom: degrees of it."""

    spread: float
    freedom: int

    @property
    def floor(self) -> float:
        """The ratio above 1 that a pair of runs of one arm stays below in 95 of 100 cases."""
        return _exp(_quantile(ERROR, self.freedom) * self.spread)


@dataclass(frozen=True, slots=True)
class Compared:
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


def noise(compared_pairs: Iterable[Sequence[Pair]], a_a_pairs: Sequence[Pair] = ()) -> Noise | None:
    """The noise of an experiment; None where no arms were compared twice and there is no A/A pair.

    compared_pairs: of the same arms under the same conditions. a_a_pairs: two runs of the same arm each.
    """
    squares = [each**2 for each in _differences(a_a_pairs)]
    freedom = len(squares)
    for pairs in compared_pairs:
        found = _differences(pairs)
        squares += [(each - fsum(found) / len(found)) ** 2 for each in found]
        freedom += max(len(found) - 1, 0)
    return Noise(sqrt(fsum(squares) / freedom), freedom) if freedom else None


def compared(pairs: Sequence[Pair], noise: Noise | None, error: float = ERROR) -> Compared | None:
    """Two arms under the same conditions; None where there is no pair, or a run carried nothing.

    error: how often the interval may miss the truth.
    """
    found = _differences(pairs)
    if not found:
        return None
    mean = fsum(found) / len(found)
    if noise is None:
        return _around(mean, None)
    return _around(mean, _quantile(error, noise.freedom) * noise.spread / sqrt(len(found)))


def unpaired(first: Sequence[Sequence[float]], second: Sequence[Sequence[float]]) -> list[Compared | None]:
    """How many times as much each arm carried in its second runs as in its first, which may be another day's.

    first, second: runs of each arm. The noise is the spread of an arm's runs about their mean, of all arms and both
    times together; without any there is no interval. None where a run carried nothing.
    """
    groups = [_logs(runs) for runs in (*first, *second)]
    squares = [(each - fsum(group) / len(group)) ** 2 for group in groups if group for each in group]
    freedom = len(squares) - sum(map(bool, groups))
    margin = _quantile(ERROR, freedom) * sqrt(fsum(squares) / freedom) if freedom else None

    def change(before: Sequence[float], after: Sequence[float]) -> Compared | None:
        if not before or not after:
            return None
        mean = fsum(after) / len(after) - fsum(before) / len(before)
        return _around(mean, None if margin is None else margin * sqrt(1 / len(before) + 1 / len(after)))

    return [change(before, after) for before, after in zip(groups, groups[len(first) :], strict=False)]


def alike(a_a_pairs: Sequence[Pair]) -> int:
    """How many of some A/A pairs, three at least, show no difference."""
    others = ([other for m, other in enumerate(a_a_pairs) if m != n] for n in range(len(a_a_pairs)))
    found = (compared([pair], noise([], rest)) for pair, rest in zip(a_a_pairs, others, strict=True))
    return sum(each is not None and each.is_different is False for each in found)


def _around(mean: float, margin: float | None) -> Compared:
    if margin is None:
        return Compared(_exp(mean), None, None)
    return Compared(_exp(mean), _exp(mean - margin), _exp(mean + margin))


def _quantile(error: float, freedom: int) -> float:
    return float(t.ppf(1 - error / 2, freedom))


def _logs(runs: Sequence[float]) -> list[float]:
    return [log(each) for each in runs] if runs and min(runs) > 0 else []


def _differences(pairs: Sequence[Pair]) -> list[float]:
    """Empty where a run carried nothing: there is no ratio to it, and to leave it out would hide it."""
    return [log(first) - log(second) for first, second in pairs] if all(min(pair) > 0 for pair in pairs) else []


def _exp(value: float) -> float:
    return exp(max(min(value, LARGEST_LOG), -LARGEST_LOG))
