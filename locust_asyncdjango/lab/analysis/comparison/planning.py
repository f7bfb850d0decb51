"""What an experiment can find before it is run: the smallest difference, and the repeats that a difference takes."""

from math import expm1, log1p, sqrt

from locust_asyncdjango.lab.analysis.comparison.noise import Noise, RunVariance, reach, welch_freedom
from locust_asyncdjango.lab.analysis.comparison.pair_tests import PAIRED_SHARE, UNPAIRED_SHARE, larger_noise
from locust_asyncdjango.lab.experiment.schedule.plan import comparisons
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.metrics.statistics import ERROR

MISSED = 0.2
"""The share of experiments that may miss the smallest difference that they "can find"."""
MOST_REPEATS = 1000
"""More repeats than these are not considered."""


def shared_by(experiment: Experiment) -> dict[str, int]:
    """Return how many subjects of an experiment share the error, and how many conditions of a route its noise."""
    return {"subjects": sum(1 for _ in comparisons(experiment)), "conditions": len(experiment.latencies_ms)}


def smallest_difference(
    spread: float, repeats: int, arms: int, *, subjects: int = 1, conditions: int = 1, looks: int = 1
) -> float | None:
    """Return the share by which arms must differ for four of five experiments to find it; None for a single run.

    The machine is taken to be as fast in each repeat; where it is not, experiments find less.

    spread: the standard deviation of the difference of two runs (``Noise.spread``). arms: that are compared with each
    other. subjects: routes and conditions whose verdicts share the error. conditions: of a route, which show its noise
    together. looks: how often it is checked whether the result is decided.
    """
    if repeats < 2 or arms < 2:
        return None
    error = ERROR / (looks * subjects * arms * (arms - 1) / 2)
    freedom = conditions * (repeats - 1)
    own, route = (welch_freedom([RunVariance(1.0, freedom)] * each) for each in (2, arms))
    paired = _reach(freedom, (arms - 1) * freedom, PAIRED_SHARE * error)
    unpaired = _reach(own, route, UNPAIRED_SHARE * error)
    return expm1(min(min(paired, unpaired) * spread / sqrt(repeats), 50.0))


def _reach(own: float, route: float, error: float) -> float:
    """Return how many standard errors four of five experiments find. own, route: the degrees of freedom of each."""
    freedom = larger_noise(Noise(1.0, own), Noise(1.0, route)).freedom
    # Twice what may be missed: the far side of Student's t does not count.
    return reach(freedom, error) + reach(freedom, 2 * MISSED)


def repeats_for(
    difference: float, spread: float, arms: int, *, subjects: int = 1, conditions: int = 1, looks: int = 1
) -> int | None:
    """Return how many repeats find a difference in four of five experiments; None if there would be too many.

    difference: as a share, such as 0.05. The other parameters are those of ``smallest_difference``.
    """

    def is_enough(repeats: int) -> bool:
        found = smallest_difference(spread, repeats, arms, subjects=subjects, conditions=conditions, looks=looks)
        return found is not None and found <= difference

    low, high = 1, 2
    while not is_enough(high):
        low, high = high, 2 * high
        if high > MOST_REPEATS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high


def run_noise_to_spread(run_noise: float) -> float:
    """Return the spread of a difference for a noise of single runs, both as shares: 0.05 -> 0.069."""
    return sqrt(2) * log1p(run_noise)
