"""Statistics of paired runs: which of two arms carries more, by how much, and how sure that is.

The unit is the run, never the request. Start reading at ``compare``.

Definitions
    pair: two runs under the same conditions, one of each arm, near each other in time, so that a machine whose speed
        drifts affects both. The difference of a pair is the difference of the logarithms of the two peaks.
    ratio: of two arms, the geometric mean over their pairs.
    noise: the standard deviation of the differences of pairs about the mean of their arms and conditions. It is
        estimated from all arms and conditions of an experiment together, because a few pairs of one say little. For an
        A/A pair, two runs of the same arm, the mean is known to be 0.
    speed: how much faster the machine was in the first run of a pair, as a logarithm. Noise can be estimated without
        the part that follows the machine's speed: differences are then assumed to rise in proportion to speed, with a
        slope that is fitted to the pairs within each two arms (analysis of covariance). That is valid only for arms
        that use the processors alike, because an arm that uses them more makes them slower itself.
    interval: 95 %, by Student's t with that noise. (A bootstrap of so few pairs is no better than its guess of their
        spread: in simulated experiments of 12 runs it called 11 % of equal arms different; studentized, 2 %.) If runs
        are repeated until the result is decided, the checks after each repeat share the 5 % (Bonferroni).
    result: two arms differ if the interval lies on one side of 1. Otherwise there is no detectable difference.
    A/A pair without a difference: a pair that lies within the noise of the other A/A pairs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, fsum, log, sqrt
from typing import NamedTuple, Self

from locust_asyncdjango.analysis.saturation import PEAK_WINDOW_S
from locust_asyncdjango.metrics.statistics import ERROR, student_t

SPEED_EFFECT = 16
"""How much a difference rises with speed, in units of the remaining noise (0.5 / 0.03, as measured on our machine)."""
MIN_GAIN = 1.3
"""How many times the gain of the correction for speed must exceed what fitting its slope costs."""
LARGEST_LOG = 700.0
"""The largest logarithm whose exponential is a float."""
SINGLE_RUN_RATIO = 1.1
"""The ratio of two single runs that counts as noise if nothing shows how large the noise is."""


class Pair(NamedTuple):
    """The peaks of two runs, that of the first arm first. speed: 0 if unknown or not to be used."""

    first: float
    second: float
    speed: float = 0.0


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of an experiment's pairs.

    spread: the standard deviation of a pair's difference. freedom: its degrees of freedom. slope: how differences rise
    with speed; 0 without a correction for speed. slope_error: the standard error of the slope, in units of spread.
    """

    spread: float
    freedom: int
    slope: float = 0.0
    slope_error: float = 0.0

    @property
    def floor(self) -> float:
        """Return the ratio above 1 that two runs of one arm stay below in 95 of 100 cases."""
        return _exp(student_t(self.freedom) * self.spread)


@dataclass(frozen=True, slots=True)
class RatioEstimate:
    """How many times as much one arm carried as another, with its interval; low and high are None without one."""

    ratio: float
    low: float | None
    high: float | None

    @property
    def is_different(self) -> bool | None:
        """Return whether the interval lies on one side of 1, or ends there; None without an interval."""
        if self.low is None or self.high is None:
            return None
        return self.ratio != 1 and not self.low < 1 < self.high


@dataclass(frozen=True, slots=True)
class NoiseSample:
    """The residuals of pairs: how far each difference is from its mean, and how far its speed is from the mean speed.

    freedom: the degrees of freedom of the residuals.
    """

    residuals: tuple[float, ...]
    speeds: tuple[float, ...]
    freedom: int

    @classmethod
    def from_pairs(cls, compared_pairs: Iterable[Sequence[Pair]], a_a_pairs: Sequence[Pair]) -> Self:
        """Return the residuals of all pairs of an experiment.

        compared_pairs: for each two arms under the same conditions, their pairs. a_a_pairs: pairs of the same arm.
        """
        residuals = _differences(a_a_pairs)
        speeds = [pair.speed for pair in a_a_pairs] if residuals else []
        freedom = len(residuals)
        for pairs in compared_pairs:
            if differences := _differences(pairs):
                residuals += _deviations(differences)
                speeds += _deviations([pair.speed for pair in pairs])
                freedom += len(differences) - 1
        return cls(tuple(residuals), tuple(speeds), freedom)

    @property
    def speed_variation(self) -> float:
        """Return the sum of the squared speeds."""
        return fsum(speed**2 for speed in self.speeds)

    @property
    def is_speed_correction_useful(self) -> bool:
        """Return whether the machine was so uneven, and the pairs so many, that a slope is worth a degree of freedom.

        The peaks themselves are not used for this decision: otherwise the intervals would no longer be 95 % intervals.
        """
        if self.freedom < 2:
            return False
        gain = sqrt(1 + SPEED_EFFECT**2 * self.speed_variation / self.freedom)
        return gain > MIN_GAIN * student_t(self.freedom - 1) / student_t(self.freedom)

    def estimate(self, *, by_speed: bool = False) -> Noise | None:
        """Return the noise, or None if there is too little data. by_speed: whether to correct for speed."""
        if not by_speed:
            return Noise(_spread(self.residuals, self.freedom), self.freedom) if self.freedom else None
        if self.freedom < 2 or not self.speed_variation:
            return None
        both = list(zip(self.residuals, self.speeds, strict=True))
        slope = fsum(residual * speed for residual, speed in both) / self.speed_variation
        remaining = [residual - slope * speed for residual, speed in both]
        return Noise(_spread(remaining, self.freedom - 1), self.freedom - 1, slope, 1 / sqrt(self.speed_variation))


def estimate_noise(compared_pairs: Iterable[Sequence[Pair]], a_a_pairs: Sequence[Pair] = ()) -> Noise | None:
    """Return the noise of an experiment; None if no arms were compared twice and there is no A/A pair."""
    return NoiseSample.from_pairs(compared_pairs, a_a_pairs).estimate()


def estimate_speed_corrected_noise(
    compared_pairs: Iterable[Sequence[Pair]], a_a_pairs: Sequence[Pair] = ()
) -> Noise | None:
    """Return the noise without the part that follows the machine's speed; None if the correction would not help."""
    sample = NoiseSample.from_pairs(compared_pairs, a_a_pairs)
    return sample.estimate(by_speed=True) if sample.is_speed_correction_useful else None


def compare(pairs: Sequence[Pair], noise: Noise | None, error: float = ERROR) -> RatioEstimate | None:
    """Return how many times as much the first arm carried; None without a pair, or if a run carried nothing.

    noise: None if unknown; the estimate then has no interval. error: how often the interval may miss the truth.
    """
    mean = mean_log_ratio(pairs, noise.slope if noise else 0.0)
    if mean is None or noise is None:
        return None if mean is None else _estimate_around(mean, None)
    speed = fsum(pair.speed for pair in pairs) / len(pairs)
    standard_error = noise.spread * sqrt(1 / len(pairs) + (speed * noise.slope_error) ** 2)
    return _estimate_around(mean, student_t(noise.freedom, error) * standard_error)


def mean_log_ratio(pairs: Sequence[Pair], slope: float) -> float | None:
    """Return the mean difference of pairs, corrected for speed by a slope; None where ``compare`` returns None."""
    differences = _differences(pairs)
    if not differences:
        return None
    return fsum(differences) / len(differences) - slope * fsum(pair.speed for pair in pairs) / len(pairs)


def count_equal_pairs(a_a_pairs: Sequence[Pair]) -> int:
    """Return how many A/A pairs show no difference, each by the noise of the others. There must be three or more."""
    by_speed = NoiseSample.from_pairs([], a_a_pairs).is_speed_correction_useful
    others = ([other for m, other in enumerate(a_a_pairs) if m != n] for n in range(len(a_a_pairs)))
    noises = (NoiseSample.from_pairs([], rest).estimate(by_speed=by_speed) for rest in others)
    estimates = (compare([pair], noise) for pair, noise in zip(a_a_pairs, noises, strict=True))
    return sum(estimate is not None and estimate.is_different is False for estimate in estimates)


def clear_ratio(*peaks_per_s: float) -> float:
    """Return the ratio from which two single runs count as different.

    It is a tenth, or twice the standard deviation of the ratio if requests arrive by chance (Poisson): a peak counts
    the requests of ten seconds.
    """
    return max(SINGLE_RUN_RATIO, exp(2 * sqrt(sum(1 / (PEAK_WINDOW_S * peak) for peak in peaks_per_s))))


def _estimate_around(mean: float, margin: float | None) -> RatioEstimate:
    if margin is None:
        return RatioEstimate(_exp(mean), None, None)
    return RatioEstimate(_exp(mean), _exp(mean - margin), _exp(mean + margin))


def _deviations(values: Sequence[float]) -> list[float]:
    return [value - fsum(values) / len(values) for value in values]


def _spread(residuals: Sequence[float], freedom: int) -> float:
    return sqrt(fsum(residual**2 for residual in residuals) / freedom)


def _differences(pairs: Sequence[Pair]) -> list[float]:
    # Empty if a run carried nothing: a ratio to it does not exist, and leaving the run out would hide it.
    if any(min(pair.first, pair.second) <= 0 for pair in pairs):
        return []
    return [log(pair.first) - log(pair.second) for pair in pairs]


def _exp(value: float) -> float:
    return exp(max(min(value, LARGEST_LOG), -LARGEST_LOG))
