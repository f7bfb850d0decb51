"""The runs of one arm under the same conditions. Start reading at ``ArmRuns``."""

from dataclasses import dataclass
from statistics import geometric_mean

from locust_asyncdjango.analysis.saturation import Onset, Saturation
from locust_asyncdjango.analysis.saturation.onsets.repeated import CommonOnset, common_onset
from locust_asyncdjango.lab.analysis.caveats import NEIGHBOUR_CAVEATS
from locust_asyncdjango.lab.analysis.ceilings import Ceiling, ceiling_violation
from locust_asyncdjango.lab.analysis.comparison.criterion import Criterion, Measurement, measure
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.trial import Trial


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
        """Return the figures of the run with the median capacity, or goodput or peak; None if no run was measured."""
        ordered = sorted(self.measured, key=_sort_key)
        return ordered[(len(ordered) - 1) // 2] if ordered else None

    @property
    def comparable(self) -> dict[int, Result]:
        """Return the measured runs by the number of the repeat, without disturbed ones as long as others remain."""
        measured = [result for result in self.results if result.figures]
        undisturbed = [result for result in measured if not is_disturbed(result)]
        return {result.trial.repeat: result for result in undisturbed or measured}

    @property
    def slowdown(self) -> CommonOnset:
        """Return where latency rises in the comparable runs together."""
        return common_onset(self._slowdowns)

    @property
    def is_slowdown_doubtful(self) -> bool:
        """Return whether something else than the users may explain the slowdown of a comparable run."""
        return any(onset and onset.doubt for onset in self._slowdowns)

    @property
    def _slowdowns(self) -> list[Onset | None]:
        return [result.figures.slowdown for result in self.comparable.values() if result.figures]

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
    def is_bound(self) -> bool:
        """Return whether most runs did not break the objective, so that their capacity is only a minimum."""
        measurements = self.measurements(Criterion.CAPACITY).values()
        return 2 * sum(each.is_bound for each in measurements) > len(measurements)

    @property
    def capacity_range(self) -> tuple[int, int]:
        """Return the fewest and the most users in the intervals of the comparable runs' capacities; 0 for none."""
        figures = [result.figures for result in self.comparable.values() if result.figures]
        known = [each.capacity for each in figures if each.capacity]
        return min((each.low for each in known), default=0), max((each.high for each in known), default=0)

    def measurements(self, criterion: Criterion) -> dict[int, Measurement]:
        """Return the figure of each comparable run that has it, by the number of the repeat."""
        measured = ((repeat, result.figures) for repeat, result in self.comparable.items() if result.figures)
        figures = {repeat: measure(each, criterion) for repeat, each in measured}
        return {repeat: measurement for repeat, measurement in figures.items() if measurement}

    def mean(self, criterion: Criterion) -> float:
        """Return the geometric mean of a figure over the comparable runs; 0 if a run carried nothing or none has it."""
        values = [measurement.value for measurement in self.measurements(criterion).values()]
        return geometric_mean(values) if values and min(values) > 0 else 0.0

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


def is_disturbed(result: Result) -> bool:
    """Return whether other programs or other virtual machines took processor time from a run."""
    return any(caveat.startswith(NEIGHBOUR_CAVEATS) for caveat in result.caveats)


def peak_per_s(result: Result) -> float:
    """Return the peak of a run, in requests per second; 0 if it was not measured."""
    return result.figures.peak_per_s if result.figures else 0.0


def _sort_key(figures: Saturation) -> tuple[float, float, float]:
    capacity = figures.capacity.users if figures.capacity else 0
    goodput = figures.goodput.per_s if figures.goodput else 0.0
    return capacity, goodput, figures.peak_per_s
