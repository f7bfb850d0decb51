"""Tests of the differences of many pairs of arms, which share one error. Start reading at ``PairTest``."""

from dataclasses import dataclass
from math import exp, inf, sqrt
from statistics import NormalDist

from locust_asyncdjango.lab.analysis.comparison.noise import LARGEST_LOG, Differences, Noise
from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.metrics.statistics import normal_z, student_t, student_t_error

MAX_FREEDOM_GAIN = 4
"""How many times the degrees of freedom of two arms those of their route count at most, as arms may differ in noise. (8
arms of which 2 were five times as noisy: without this limit 6 % false differences in simulated experiments.)"""


@dataclass(frozen=True, slots=True)
class PairTest:
    """Whether two arms differ.

    mean: of the differences. repeats: how many there are. spread: the standard deviation of one, and freedom its
    degrees of freedom. least_spread: the part of it that is due to the runs' own few requests.
    """

    mean: float
    repeats: int
    spread: float
    freedom: int
    least_spread: float = 0.0

    @property
    def p(self) -> float:
        """Return how often equal arms differ by as much."""
        error, least = self.spread / sqrt(self.repeats), self.least_spread / sqrt(self.repeats)
        p = student_t_error(abs(self.mean) / error, self.freedom) if error else float(not self.mean)
        z = abs(self.mean) / least if least else inf
        return max(p, 2 * (1 - NormalDist().cdf(z)))

    def estimate(self, error: float, *, is_different: bool) -> RatioEstimate:
        """Return the ratio with an interval that misses the truth as often as error says.

        is_different: whether the arms differ by Holm's method; the interval then ends at 1 if it would hold 1.
        """
        margin = max(student_t(self.freedom, error) * self.spread, normal_z(error) * self.least_spread)
        low, high = (_exp(self.mean + sign * margin / sqrt(self.repeats)) for sign in (-1, 1))
        if is_different:
            low, high = (max(low, 1.0), high) if self.mean > 0 else (low, min(high, 1.0))
        return RatioEstimate(_exp(self.mean), low, high)


def pair_test(pair: Differences, own: Noise | None, route: Noise | None) -> PairTest | None:
    """Return the test of two arms; None where they were not run twice.

    own: the noise of these two arms, under all conditions of the route. route: that of all its arms. The larger one
    counts, because some arms are noisier than others.
    """
    if len(pair.logs) < 2 or own is None:
        return None
    noise = route or own
    freedom = min(max(noise.freedom, own.freedom), MAX_FREEDOM_GAIN * own.freedom)
    return PairTest(pair.mean, len(pair.logs), max(own.spread, noise.spread), freedom, sqrt(pair.variance))


def _exp(value: float) -> float:
    return exp(max(min(value, LARGEST_LOG), -LARGEST_LOG))
