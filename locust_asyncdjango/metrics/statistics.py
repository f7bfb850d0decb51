"""Statistics that several parts of the project need, with the standard library alone.

Shapes may import this module. The lab has scipy for everything else.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, pairwise
from math import atan2, ceil, exp, fsum, isqrt, lgamma, log, log1p, pi, sqrt
from statistics import NormalDist, fmean

ERROR = 0.05
"""How often an interval may miss the truth: all intervals are 95 % intervals unless their text says otherwise."""

FEWEST_CORRELATED = 30
"""Fewer values, of which each resembles the one before, do not show how uncertain their mean is."""

_SHORTEST_BATCH = 5
_LOWEST_CORRELATION, _HIGHEST_CORRELATION = -0.1, 0.9
"""Between which the correlation of batches is taken to lie: by simulation, intervals then cover 94-97 % from 60 values
on, without correlation, with one of 0.8, and with both at once."""
_FEWEST_FREEDOM = 3
_MAX_STEPS = 200
"""Newton's method needs about 5; fewer than 70 even for one degree of freedom and an error of 1e-12."""


@dataclass(frozen=True, slots=True)
class MeanEstimate:
    """The mean of some values. error: its standard error. freedom: the degrees of freedom of the error."""

    mean: float
    error: float
    freedom: int

    @property
    def margin(self) -> float:
        """Return how far the 95 % interval of the mean reaches to either side, by Student's t."""
        return student_t(self.freedom) * self.error

    @property
    def interval(self) -> tuple[float, float]:
        """Return the 95 % interval of the mean."""
        return self.mean - self.margin, self.mean + self.margin


@lru_cache(maxsize=4096)
def student_t(freedom: int, error: float = ERROR) -> float:
    """Return how many standard errors a confidence interval by Student's t reaches to either side.

    freedom: degrees of freedom, at least 1.
    error: the share of intervals that may miss the truth, both sides together.
    """
    t = normal_z(error)  # always below Student's t
    log_scale = lgamma((freedom + 1) / 2) - lgamma(freedom / 2) - log(freedom * pi) / 2
    for _ in range(_MAX_STEPS):
        density = exp(log_scale - (freedom + 1) / 2 * log1p(t * t / freedom))
        # The probability is concave in t, so Newton's method approaches the root from below and does not overshoot it.
        step = (1 - error - _within(t, freedom)) / (2 * density)
        t += step
        if step < 1e-12 * t:
            break
    return t


def student_t_error(t: float, freedom: int) -> float:
    """Return how often Student's t is farther from 0 than t, to either side: the reverse of ``student_t``."""
    return min(max(1 - _within(t, freedom), 0.0), 1.0)


@lru_cache(maxsize=4096)
def normal_z(error: float = ERROR) -> float:
    """Return how many standard deviations an interval of the normal distribution reaches to either side."""
    return NormalDist().inv_cdf(1 - error / 2)


def holm_errors(p_values: Sequence[float], hypotheses: int, error: float = ERROR) -> list[float]:
    """Return how often each of several tests may be wrong, by Holm's method: those show something whose p is no larger.

    The smallest p-value is compared with the smallest share of the error, and so on until one is too large; all others
    have that share. (Scandinavian Journal of Statistics 6, 1979.)
    hypotheses: how many share the error; those without a p-value have not shown anything so far.
    """
    errors, left = [0.0] * len(p_values), hypotheses
    for index in sorted(range(len(p_values)), key=p_values.__getitem__):
        errors[index] = error / max(left, 1)
        left -= p_values[index] <= errors[index]
    return errors


def percentile(counts: Mapping[float, int], percent: Fraction) -> float:
    """Return the lowest value such that at least so many per cent of all are no larger (nearest rank).

    counts: how often each value occurred; at least one did.
    """
    return percentiles(counts, (percent,))[0]


def percentiles(counts: Mapping[float, int], percents: Iterable[Fraction]) -> list[float]:
    """Return several percentiles as ``percentile`` defines them. percents: from 0, which gives 0, to 100."""
    values = sorted(counts)
    ranks = list(accumulate(map(counts.__getitem__, values)))
    # percent is a Fraction, because a rounding error could give another rank.
    return [values[bisect_left(ranks, ceil(percent * ranks[-1] / 100))] if percent else 0.0 for percent in percents]


def noise(values: Sequence[float]) -> float:
    """Return the standard deviation of values by their successive differences, which a trend does not disturb.

    (von Neumann, 1941.) It is 0 for fewer than two values.
    """
    squares = fsum((after - before) ** 2 for before, after in pairwise(values))
    return sqrt(squares / max(len(values) - 1, 1) / 2)


def correlated_mean(values: Sequence[float]) -> MeanEstimate | None:
    """Return the mean of values that follow each other in time, each of which may resemble those before.

    The error is that of batch means. What correlation remains between neighbouring batches is estimated, corrected
    for the bias of a short series (Marriott and Pope, 1954), and taken for that of an autoregressive series: it makes
    the error larger and its degrees of freedom fewer. Return None for fewer than FEWEST_CORRELATED values.
    """
    if len(values) < FEWEST_CORRELATED:
        return None
    means = _batch_means(values)
    count, center = len(means), fmean(means)
    deviations = [mean - center for mean in means]
    squares = fsum(deviation * deviation for deviation in deviations)
    if not squares:
        return MeanEstimate(fmean(values), 0.0, count - 1)
    measured = fsum(before * after for before, after in pairwise(deviations)) / squares
    correlation = (measured * count + 1.5) / (count - 4)
    correlation = min(max(correlation, _LOWEST_CORRELATION), _HIGHEST_CORRELATION)
    # The variance of the mean is so many times that of independent batches, whose own variance seems too small.
    factor = 1 + 2 * fsum((1 - n / count) * correlation**n for n in range(1, count))
    variance = squares / (count - 1) / max(1 - (factor - 1) / (count - 1), 0.05)
    freedom = min(max(int(count / factor) - 1, _FEWEST_FREEDOM), count - 1)
    return MeanEstimate(fmean(values), sqrt(variance * factor / count), freedom)


def _batch_means(values: Sequence[float]) -> list[float]:
    """Return the means of batches of the last values: a few more batches than there are values in each."""
    size = max(isqrt(2 * len(values) // 3), _SHORTEST_BATCH)
    return [fmean(values[n : n + size]) for n in range(len(values) % size, len(values), size)]


def _within(t: float, freedom: int) -> float:
    """Return the probability that Student's t lies between -t and t (Abramowitz and Stegun, 26.7.3 and 26.7.4)."""
    cos2 = freedom / (freedom + t * t)
    sine, odd = t / sqrt(freedom + t * t), freedom % 2
    term = sqrt(cos2) if odd else 1.0
    total = 0.0
    for k in range(1, (freedom - odd) // 2 + 1):
        total += term
        term *= cos2 * ((2 * k) / (2 * k + 1) if odd else (2 * k - 1) / (2 * k))
    return (atan2(t, sqrt(freedom)) + sine * total) * 2 / pi if odd else sine * total
