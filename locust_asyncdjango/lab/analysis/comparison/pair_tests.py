"""Tests of the differences of many pairs of arms, which share one error. Start reading at ``PairTest``."""

from dataclasses import dataclass
from math import exp, inf, sqrt
from statistics import NormalDist

from scipy.special import stdtr

from locust_asyncdjango.lab.analysis.comparison.noise import LARGEST_LOG, Differences, Noise, Noises, reach
from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.metrics.statistics import normal_z

UNPAIRED_SHARE, PAIRED_SHARE = 0.8, 0.5
"""The shares of the error of the two tests. They may add up to more than all of it: both tests go by the same
difference, so that they err together, and either of them less often than the sum (docs/experiments.md)."""
MAX_FREEDOM_GAIN = 4
"""How many times the degrees of freedom of two arms those of their route count at most, as arms may differ in noise. (8
arms of which 2 were five times as noisy: without this limit 6 % false differences in simulated experiments.)"""


@dataclass(frozen=True, slots=True)
class PairTest:
    """Whether two arms differ: they do if one of two tests says so, each of which has a share of the error.

    The paired test is right on a machine whose speed changes from block to block. The unpaired one finds more where it
    does not, because its noise has more degrees of freedom; where it does, its noise is too large, which is safe.

    mean: of the differences. repeats: how many there are. paired, unpaired: the noise of one. least_spread: the part of
    it that is due to the runs' own few requests.
    """

    mean: float
    repeats: int
    paired: Noise
    unpaired: Noise
    least_spread: float = 0.0

    @property
    def p(self) -> float:
        """Return how often equal arms differ by as much."""
        p = min(self._p(self.unpaired) / UNPAIRED_SHARE, self._p(self.paired) / PAIRED_SHARE, 1.0)
        least = self.least_spread / sqrt(self.repeats)
        z = abs(self.mean) / least if least else inf
        return max(p, 2 * (1 - NormalDist().cdf(z)))

    def _p(self, noise: Noise) -> float:
        error = noise.spread / sqrt(self.repeats)
        return 2 * float(stdtr(noise.freedom, -abs(self.mean) / error)) if error else float(not self.mean)

    def estimate(self, error: float, *, is_different: bool) -> RatioEstimate:
        """Return the ratio with an interval that misses the truth as often as error says.

        is_different: whether the arms differ by Holm's method; the interval then ends at 1 if it would hold 1.
        """
        unpaired = reach(self.unpaired.freedom, UNPAIRED_SHARE * error) * self.unpaired.spread
        paired = reach(self.paired.freedom, PAIRED_SHARE * error) * self.paired.spread
        margin = max(min(unpaired, paired), normal_z(error) * self.least_spread)
        low, high = (_exp(self.mean + sign * margin / sqrt(self.repeats)) for sign in (-1, 1))
        if is_different:
            low, high = (max(low, 1.0), high) if self.mean > 0 else (low, min(high, 1.0))
        return RatioEstimate(_exp(self.mean), low, high)


def pair_test(pair: Differences, own: Noises | None, route: Noises | None) -> PairTest | None:
    """Return the test of two arms; None where they were not run twice.

    own: the noises of these two arms, under all conditions of the route. route: those of all its arms.
    """
    if len(pair.logs) < 2 or own is None:
        return None
    route = route or own
    is_noisy = own.paired.spread >= route.paired.spread
    paired = own.paired if is_noisy else larger_noise(own.paired, route.paired)
    unpaired = larger_noise(own.unpaired, route.unpaired)
    return PairTest(pair.mean, len(pair.logs), paired, unpaired, sqrt(pair.variance))


def larger_noise(own: Noise, route: Noise) -> Noise:
    """Return the noise of two arms: the larger one counts, because some arms are noisier than others."""
    freedom = min(max(route.freedom, own.freedom), MAX_FREEDOM_GAIN * own.freedom)
    return Noise(max(own.spread, route.spread), freedom)


def _exp(value: float) -> float:
    return exp(max(min(value, LARGEST_LOG), -LARGEST_LOG))
