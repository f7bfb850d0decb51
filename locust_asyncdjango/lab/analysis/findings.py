"""Results -> what they say: which runs belong together, how arms differ, how sure that is, and what cannot be true."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations, groupby
from math import log
from statistics import fmean, geometric_mean, median
from typing import Self

from locust_asyncdjango.analysis.saturation import Saturation
from locust_asyncdjango.lab.analysis import paired_stats
from locust_asyncdjango.lab.analysis.caveats import NEIGHBOUR_CAVEATS
from locust_asyncdjango.lab.analysis.ceilings import Ceiling, ceiling, flag, in_flight
from locust_asyncdjango.lab.analysis.round_trips import RoundTripFit, budget
from locust_asyncdjango.lab.analysis.scalability import little
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.experiment.plan import trials
from locust_asyncdjango.lab.experiment.result import ResourceSample, Result
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder
from locust_asyncdjango.lab.experiment.spec import Experiment, Trial
from locust_asyncdjango.metrics.series_file import Series
from locust_asyncdjango.metrics.statistics import ERROR

SLOWEST = 0.9
"""Of the frequency that is usual in an experiment, at which a trial's processors may run."""
MOST_IN_FLIGHT = 1.1
"""Of the users, that there may be by Little's law. Fewer there are in each run whose last requests are cut off."""
ALIKE_LOAD = 1.1
"""How many times as much processor time one of two arms takes at most, if both load the processors alike."""
SETTLED = 1.1
"""How many times its lower end the upper end of an interval is at most, if it leaves no difference that matters."""


@dataclass(frozen=True, slots=True)
class ArmRuns:
    """All runs of one arm of a route under the same conditions, with the ceiling of each, None where there is none.

    trial: without the number of the repeat.
    """

    trial: Trial
    results: tuple[Result, ...]
    ceilings: tuple[Ceiling | None, ...]

    @property
    def measured(self) -> list[Saturation]:
        """The figures of those that have some."""
        return [result.figures for result in self.results if result.figures]

    @property
    def figures(self) -> Saturation | None:
        """Those of the run in the middle, by its peak; None where none was measured."""
        by_peak = sorted(self.measured, key=lambda figures: figures.peak_per_s)
        return by_peak[(len(by_peak) - 1) // 2] if by_peak else None

    @property
    def comparable(self) -> dict[int, Result]:
        """The runs that were measured by the number of the repeat; without odd ones, if there are others."""
        measured = [result for result in self.results if result.figures]
        comparable = [result for result in measured if not is_disturbed(result)] or measured
        return {result.trial.repeat: result for result in comparable}

    @property
    def peaks(self) -> dict[int, float]:
        """What each of these carried at most."""
        return {repeat: _peak(result) for repeat, result in self.comparable.items()}

    @property
    def load(self) -> float:
        """What all that the lab has started takes, in per cent of a processor, on average; 0 where it is not known."""
        found = [result.peak_usage.own_percent for result in self.comparable.values() if result.peak_usage]
        return fmean(found) if found else 0.0

    @property
    def mean_peak_per_s(self) -> float:
        """The geometric mean of its peaks, as ratios are; 0 where one of them is."""
        peaks = self.peaks.values()
        return geometric_mean(peaks) if min(peaks) > 0 else 0.0

    @property
    def ceiling(self) -> Ceiling | None:
        """The highest of all runs', since a machine may be faster in one of them."""
        return max(filter(None, self.ceilings), key=lambda each: each.per_s, default=None)

    @property
    def flag(self) -> str:
        """Why what a run carried cannot be true; "" where all can. Of a run that is left out nothing follows."""
        comparable = self.comparable
        runs = zip(self.results, self.ceilings, strict=True)
        return next(filter(None, (flag(run, most) for run, most in runs if run.trial.repeat in comparable)), "")

    def count_wins(self, others: Iterable[Self], slope: float) -> int:
        """Of how many others it carried more, by pairs of runs near each other in time, or all runs without any.

        slope: how differences rise with the machine's speed.
        """
        return sum(_mean_difference(self, other, slope) > 0 for other in others)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best arm of a subject and one of the others.

    found: None where a run of the other carried nothing, or no repeat of both was measured.
    """

    best: ArmRuns
    other: ArmRuns
    found: paired_stats.RatioEstimate | None

    @property
    def is_decided(self) -> bool:
        """Whether more runs would not change what is said of it."""
        if self.found is None:
            return True
        if self.found.low is None or self.found.high is None:
            return False
        return bool(self.found.is_different) or self.found.high <= SETTLED * self.found.low


@dataclass(frozen=True)
class Findings:
    """What an experiment, as far as it was run, has shown. recorded: series by trial id. costs: looks by trial id."""

    experiment: Experiment
    results: tuple[Result, ...]
    recorded: Mapping[str, Series]
    costs: Mapping[str, Sequence[ResourceSample]] = field(default_factory=dict)

    @cached_property
    def runs(self) -> list[ArmRuns]:
        """By arm, in the order of their first runs; without A/A pairs."""
        found: dict[Trial, list[Result]] = {}
        for result in self.results:
            if not result.trial.a_a:
                found.setdefault(_arm(result.trial), []).append(result)
        return [ArmRuns(trial, tuple(each), tuple(map(self._ceiling, each))) for trial, each in found.items()]

    @cached_property
    def subjects(self) -> dict[str, list[ArmRuns]]:
        """What is compared with each other."""
        return {subject: list(each) for subject, each in groupby(self.runs, key=lambda runs: runs.trial.subject)}

    @cached_property
    def a_a_pairs(self) -> list[paired_stats.Pair]:
        """Two runs of the same arm each."""
        runs = {
            r.trial.repeat: r
            for r in self.results
            if r.trial.a_a and r.figures and not flag(r, self._ceiling(r)) and not is_disturbed(r)
        }
        return [_pair(runs[n], runs[n + 1]) for n in runs if n % 2 and n + 1 in runs]

    @cached_property
    def noise(self) -> paired_stats.Noise | None:
        """How runs of the same arm differ: of all pairs with the best arm of their subject, and of A/A pairs."""
        compared = [_pairs(best, other) for best, other in self._against_the_best]
        return paired_stats.noise(compared, self.a_a_pairs)

    @cached_property
    def speed_adjusted_noise(self) -> paired_stats.Noise | None:
        """The same of arms that load the processors alike, without what goes with the machine's speed; None where that
        would not tell more."""
        alike = [_pairs(best, other) for best, other in self._against_the_best if _load_alike(best, other)]
        return paired_stats.speed_adjusted_noise(alike, self.a_a_pairs)

    @cached_property
    def comparisons(self) -> dict[str, list[Comparison]]:
        """Of each subject its best arm with the others, what carried most first."""
        # Who looks after each repeat whether it is decided, and at each other arm, has as many chances to be wrong.
        looks = self.experiment.repeats - 1 if self.experiment.until_decided else 1
        found: dict[str, list[Comparison]] = {subject: [] for subject in self.subjects}
        for best, other in self._against_the_best:
            chances = looks * (len(self.subjects[best.trial.subject]) - 1)
            noise = self.speed_adjusted_noise if _load_alike(best, other) else None
            compared = paired_stats.compared(_pairs(best, other), noise or self.noise, error=ERROR / chances)
            found[best.trial.subject].append(Comparison(best, other, compared))
        return found

    def is_decided(self, subject: str) -> bool:
        """Whether it is known which arm of a subject carries more, or that none does by much."""
        found = self.comparisons.get(subject, [])
        return bool(found) and all(len(runs.results) > 1 for runs in self.subjects[subject]) and found[0].is_decided

    @cached_property
    def budgets(self) -> list[tuple[ArmRuns, RoundTripFit]]:
        """Of each arm that was measured at several latencies: how many round trips a request takes."""
        by_arm: dict[Trial, list[ArmRuns]] = {}
        for runs in self.runs:
            by_arm.setdefault(replace(runs.trial, latency_ms=0), []).append(runs)
        found = []
        for each in by_arm.values():
            points = [(r.trial.latency_ms, r.baseline.request_ms) for runs in each for r in runs.results if r.baseline]
            if fitted := budget(points):
                found.append((each[0], fitted))
        return found

    def in_flight(self, runs: ArmRuns) -> float | None:
        """The most requests that a server had in its hands at once, over ten seconds, on average over an arm's runs;
        None where nothing was recorded."""
        slots, workers = self._server(runs.trial).slots, runs.trial.workers
        series = [self.recorded[r.trial.id].intervals for r in runs.results if r.trial.id in self.recorded]
        most = [in_flight(seconds, slots, workers) for seconds in series if seconds]
        return sum(most) / len(most) if most else None

    def caveats(self, result: Result) -> list[str]:
        """What speaks against a trial: what was noted in it, and what shows beside its series and the other trials."""
        return self._marks[result.trial.id]

    @cached_property
    def _marks(self) -> dict[str, list[str]]:
        speeds = [result.peak_usage.mhz for result in self.results if result.peak_usage and result.peak_usage.mhz]
        usual = median(speeds) if speeds else 0.0
        return {result.trial.id: [*result.caveats, *self._shown_beside(result, usual)] for result in self.results}

    def _shown_beside(self, result: Result, usual_mhz: float) -> Iterator[str]:
        if result.peak_usage and 0 < result.peak_usage.mhz < SLOWEST * usual_mhz:
            yield f"the processors ran at {result.peak_usage.mhz:.0f} MHz, and in most trials at {usual_mhz:.0f}"
        series = self.recorded.get(result.trial.id)
        law = little(series.intervals) if series else None
        if law and law.low > MOST_IN_FLIGHT:
            yield f"Little's law does not hold: {law.why}"

    def _server(self, trial: Trial) -> Server:
        return self.experiment.server(trial.server)

    def _ceiling(self, result: Result) -> Ceiling | None:
        if result.baseline is None:
            return None
        series = self.recorded.get(result.trial.id)
        fastest_ms = min(series.total.ok_ms, default=None) if series else None
        return ceiling(result, self._server(result.trial), fastest_ms, dict(self.experiment.factors))

    @cached_property
    def _slope(self) -> float:
        """Of differences over the machine's speed, by any two arms of a subject that load the processors alike; 0 where
        it is not worth to tell it."""
        two = (pair for subject in self.subjects.values() for pair in combinations(subject, 2) if _load_alike(*pair))
        found = paired_stats.speed_adjusted_noise([_pairs(*pair) for pair in two], self.a_a_pairs)
        return found.slope if found else 0.0

    @cached_property
    def _against_the_best(self) -> list[tuple[ArmRuns, ArmRuns]]:
        """Of each subject its best arm, with each other."""
        ranked = (_ranked([r for r in subject if r.measured], self._slope) for subject in self.subjects.values())
        return [(best, other) for best, *others in filter(None, ranked) for other in others]


def is_disturbed(result: Result) -> bool:
    """Whether other programs or other machines left less for a run."""
    return any(mark.startswith(NEIGHBOUR_CAVEATS) for mark in result.caveats)


def _arm(trial: Trial) -> Trial:
    """Without what tells its runs apart."""
    return replace(trial, repeat=1, a_a=False)


def _ranked(measured: list[ArmRuns], slope: float) -> list[ArmRuns]:
    """What carried more than most others first; what cannot be true comes last."""
    return sorted(
        measured, key=lambda runs: (bool(runs.flag), -runs.count_wins(measured, slope), -runs.mean_peak_per_s)
    )


def _mean_difference(first: ArmRuns, other: ArmRuns, slope: float) -> float:
    found = paired_stats.mean_log_ratio(_pairs(first, other), slope if _load_alike(first, other) else 0.0)
    return first.mean_peak_per_s - other.mean_peak_per_s if found is None else found


def read(folder: ResultsFolder) -> Findings:
    """Of what was run so far, in the order of the plan. Raises UsageError."""
    experiment = folder.experiment()
    results = tuple(result for trial in trials(experiment) if (result := folder.result(trial)))
    recorded = {result.trial.id: series for result in results if (series := folder.series(result.trial))}
    return Findings(
        experiment, results, recorded, {result.trial.id: folder.resource_samples(result.trial) for result in results}
    )


def _pairs(first: ArmRuns, other: ArmRuns) -> list[paired_stats.Pair]:
    """Runs of the same repeat, which were near each other in time."""
    others = other.comparable
    return [_pair(result, others[repeat]) for repeat, result in first.comparable.items() if repeat in others]


def _pair(first: Result, second: Result) -> paired_stats.Pair:
    speeds = [result.peak_usage.speed if result.peak_usage else 0.0 for result in (first, second)]
    faster = log(speeds[0] / speeds[1]) if all(speeds) else 0.0
    return paired_stats.Pair(_peak(first), _peak(second), faster)


def _peak(result: Result) -> float:
    return result.figures.peak_per_s if result.figures else 0.0


def _load_alike(first: ArmRuns, other: ArmRuns) -> bool:
    less, more = sorted((first.load, other.load))
    return 0 < more <= ALIKE_LOAD * less
