"""How much the runs of an arm differ from each other: the noise of each route by itself.

Routes are never pooled: a quiet route would then find nothing, and a noisy one differences that do not exist.
Moderation towards the other routes (Smyth, 2004) was tried and left out: it called some equal arms different in 4 to
15 % of simulated experiments of 2 to 5 routes. Start reading at ``estimate_noise``.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp, fsum, sqrt
from typing import NamedTuple

from locust_asyncdjango.metrics.statistics import student_t

LARGEST_LOG = 700.0
"""The largest logarithm whose exponential is a float."""


class Differences(NamedTuple):
    """The differences of two arms under the same conditions.

    arms: the two. logs: the difference of the logarithms of their figures in each block that has both, above 0 where
    the first arm is better. variance: of one such difference, the part that is due to the runs' own few requests.
    is_bound: whether one of the figures is only a bound.
    """

    arms: tuple[str, str]
    logs: tuple[float, ...]
    variance: float = 0.0
    is_bound: bool = False

    @property
    def mean(self) -> float:
        """Return the mean of the differences; there must be one."""
        return fsum(self.logs) / len(self.logs)

    @property
    def squares(self) -> float:
        """Return the sum of the squared deviations from the mean."""
        mean = self.mean
        return fsum((each - mean) ** 2 for each in self.logs)


@dataclass(frozen=True, slots=True)
class Noise:
    """The noise of a route's runs.

    spread: the standard deviation of the difference of two runs of a block. freedom: its degrees of freedom.
    """

    spread: float
    freedom: int

    @property
    def floor(self) -> float:
        """Return the ratio above 1 that two runs of one arm stay below in 95 of 100 cases."""
        return exp(min(student_t(self.freedom) * self.spread, LARGEST_LOG))


def estimate_noise(subjects: Iterable[Sequence[Differences]], a_a_logs: Sequence[float] = ()) -> Noise | None:
    """Return the noise of a route, or of two arms of it; None if nothing was run twice.

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


def count_equal_pairs(a_a_logs: Sequence[float]) -> int:
    """Return how many A/A pairs show no difference, each by the noise of the others. There must be two or more."""
    noises = (estimate_noise((), [*a_a_logs[:n], *a_a_logs[n + 1 :]]) for n in range(len(a_a_logs)))
    return sum(
        noise is not None and abs(each) <= student_t(noise.freedom) * noise.spread
        for each, noise in zip(a_a_logs, noises, strict=True)
    )
