"""The runs of one arm under the same conditions, and pairs of the runs of two arms. Start reading at ``ArmRuns``."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log
from statistics import fmean, geometric_mean
from typing import Self

from locust_asyncdjango.analysis.saturation import Saturation
from locust_asyncdjango.lab.analysis import paired_stats
from locust_asyncdjango.lab.analysis.caveats import NEIGHBOUR_CAVEATS
from locust_asyncdjango.lab.analysis.ceilings import Ceiling, ceiling_violation
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.spec import Trial

SIMILAR_CPU = 1.1
"""The largest ratio of the processor time of two arms that counts as using the processors alike."""


@dataclass(frozen=True, slots=True)
class ArmRuns:
    """All runs of one arm of a route under the same conditions.

    trial: what was run, without the number of the repeat. results: one for each run. ceilings: one for each run, None
    without a ceiling.
    """

    trial: Trial
    results: tuple[Result, ...]
    ceilings: tuple[Ceiling | None, ...]

    @property
    def title(self) -> str:
        """Return the name of the arm with its route and conditions, for lists that hold several of these."""
        return f"{self.trial.subject}: {self.trial.arm}"

    @property
    def measured(self) -> list[Saturation]:
        """Return the figures of the runs that have some."""
        return [result.figures for result in self.results if result.figures]

    @property
    def figures(self) -> Saturation | None:
        """Return the figures of the run with the median peak; None if no run was measured."""
        by_peak = sorted(self.measured, key=lambda figures: figures.peak_per_s)
        return by_peak[(len(by_peak) - 1) // 2] if by_peak else None

    @property
    def comparable(self) -> dict[int, Result]:
        """Return the measured runs by the number of the repeat, without disturbed ones as long as others remain."""
        measured = [result for result in self.results if result.figures]
        undisturbed = [result for result in measured if not is_disturbed(result)]
        return {result.trial.repeat: result for result in undisturbed or measured}

    @property
    def peaks_per_s(self) -> dict[int, float]:
        """Return the peak of each comparable run, in requests per second."""
        return {repeat: peak_per_s(result) for repeat, result in self.comparable.items()}

    @property
    def mean_peak_per_s(self) -> float:
        """Return the geometric mean of the peaks, in requests per second; 0 if a run carried nothing."""
        peaks = self.peaks_per_s.values()
        return geometric_mean(peaks) if min(peaks) > 0 else 0.0

    @property
    def cpu_percent(self) -> float:
        """Return the mean use of processors by all that the lab started, in percent of one; 0 if unknown."""
        percents = [result.peak_usage.own_percent for result in self.comparable.values() if result.peak_usage]
        return fmean(percents) if percents else 0.0

    @property
    def ceiling(self) -> Ceiling | None:
        """Return the highest ceiling of all runs, because the machine may have been faster in one of them."""
        return max(filter(None, self.ceilings), key=lambda ceiling: ceiling.per_s, default=None)

    @property
    def invalid_reason(self) -> str:
        """Return why the result of a comparable run cannot be right; "" if all can."""
        comparable = self.comparable
        runs = zip(self.results, self.ceilings, strict=True)
        reasons = (ceiling_violation(run, ceiling) for run, ceiling in runs if run.trial.repeat in comparable)
        return next(filter(None, reasons), "")

    def count_wins(self, others: Iterable[Self], slope: float) -> int:
        """Return how many of the others carried less than this arm.

        Arms are compared by pairs of runs, or by the means of all runs if there is no pair. slope: how differences
        rise with the machine's speed.
        """
        return sum(_log_ratio(self, other, slope) > 0 for other in others)


def is_disturbed(result: Result) -> bool:
    """Return whether other programs or other virtual machines took processor time from a run."""
    return any(caveat.startswith(NEIGHBOUR_CAVEATS) for caveat in result.caveats)


def pairs_of(first: ArmRuns, second: ArmRuns) -> list[paired_stats.Pair]:
    """Return the pairs of comparable runs of the same repeat, which were run near each other in time."""
    others = second.comparable
    return [pair_of(result, others[repeat]) for repeat, result in first.comparable.items() if repeat in others]


def pair_of(first: Result, second: Result) -> paired_stats.Pair:
    """Return the peaks of two runs, and how much faster the machine was in the first of them."""
    speeds = [result.peak_usage.speed if result.peak_usage else 0.0 for result in (first, second)]
    speed = log(speeds[0] / speeds[1]) if all(speeds) else 0.0
    return paired_stats.Pair(peak_per_s(first), peak_per_s(second), speed)


def peak_per_s(result: Result) -> float:
    """Return the peak of a run, in requests per second; 0 if it was not measured."""
    return result.figures.peak_per_s if result.figures else 0.0


def use_similar_cpu(first: ArmRuns, second: ArmRuns) -> bool:
    """Return whether two arms use the processors alike, so that a correction for the machine's speed is valid."""
    less, more = sorted((first.cpu_percent, second.cpu_percent))
    return 0 < more <= SIMILAR_CPU * less


def _log_ratio(first: ArmRuns, second: ArmRuns, slope: float) -> float:
    mean = paired_stats.mean_log_ratio(pairs_of(first, second), slope if use_similar_cpu(first, second) else 0.0)
    return first.mean_peak_per_s - second.mean_peak_per_s if mean is None else mean
