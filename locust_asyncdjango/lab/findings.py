"""Results -> what they say: which runs belong together, how arms differ, how sure that is, and what cannot be true."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from statistics import geometric_mean, median
from typing import Self

from locust_asyncdjango.lab import stats
from locust_asyncdjango.lab.budget import Budget, budget
from locust_asyncdjango.lab.ceilings import Ceiling, ceiling, flag, in_flight
from locust_asyncdjango.lab.costs import Cost
from locust_asyncdjango.lab.fits import little
from locust_asyncdjango.lab.marks import OTHERS
from locust_asyncdjango.lab.matrix import trials
from locust_asyncdjango.lab.results import Result, ResultsFolder
from locust_asyncdjango.lab.servers import Server
from locust_asyncdjango.lab.spec import Experiment, Trial
from locust_asyncdjango.saturation import Saturation
from locust_asyncdjango.series import Series

SLOWEST = 0.9
"""Of the frequency that is usual in an experiment, at which a trial's processors may run."""
MOST_IN_FLIGHT = 1.1
"""Of the users, that there may be by Little's law. Fewer there are in each run whose last requests are cut off."""
SETTLED = 1.1
"""How many times its lower end the upper end of an interval is at most, if it leaves no difference that matters."""


@dataclass(frozen=True, slots=True)
class Runs:
    """All runs of one arm of a route under the same conditions, with the ceiling of each, None where there is none.

    trial: without the number of the repeat. odd: repeats in which the machine had less for it.
    """

    trial: Trial
    results: tuple[Result, ...]
    ceilings: tuple[Ceiling | None, ...]
    odd: frozenset[int] = frozenset()

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
    def peaks(self) -> dict[int, float]:
        """What each run carried at most, by the number of the repeat; without odd ones, if there are others."""
        found = {result.trial.repeat: result.figures.peak_per_s for result in self.results if result.figures}
        return {repeat: peak for repeat, peak in found.items() if repeat not in self.odd} or found

    @property
    def carried(self) -> float:
        """The geometric mean of its peaks, as ratios are; 0 where one of them is."""
        peaks = self.peaks.values()
        return geometric_mean(peaks) if min(peaks) > 0 else 0.0

    @property
    def ceiling(self) -> Ceiling | None:
        """The highest of all runs', since a machine may be faster in one of them."""
        return max(filter(None, self.ceilings), key=lambda each: each.per_s, default=None)

    @property
    def flag(self) -> str:
        """Why what a run carried cannot be true; "" where all can."""
        return next(filter(None, map(flag, self.results, self.ceilings)), "")

    def wins(self, others: Iterable[Self]) -> int:
        """Of how many others it carried more, by pairs of runs near each other in time, or all runs without any."""
        return sum(_mean_difference(self, other) > 0 for other in others)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best arm of a subject and one of the others.

    found: None where a run of the other carried nothing, or no repeat of both was measured.
    """

    best: Runs
    other: Runs
    found: stats.Compared | None

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
    costs: Mapping[str, Sequence[Cost]] = field(default_factory=dict)

    @cached_property
    def runs(self) -> list[Runs]:
        """By arm, in the order of their first runs; without A/A pairs."""
        found: dict[Trial, list[Result]] = {}
        for result in self.results:
            if not result.trial.a_a:
                found.setdefault(_arm(result.trial), []).append(result)
        return [
            Runs(
                trial,
                tuple(each),
                tuple(map(self._ceiling, each)),
                frozenset(result.trial.repeat for result in each if is_odd(result)),
            )
            for trial, each in found.items()
        ]

    @cached_property
    def subjects(self) -> dict[str, list[Runs]]:
        """What is compared with each other."""
        return {subject: list(each) for subject, each in groupby(self.runs, key=lambda runs: runs.trial.subject)}

    @cached_property
    def a_a_pairs(self) -> list[stats.Pair]:
        """Two runs of the same arm each."""
        peaks = {
            r.trial.repeat: r.figures.peak_per_s
            for r in self.results
            if r.trial.a_a and r.figures and not flag(r, self._ceiling(r)) and not is_odd(r)
        }
        return [(peaks[run], peaks[run + 1]) for run in peaks if run % 2 and run + 1 in peaks]

    @cached_property
    def noise(self) -> stats.Noise | None:
        """How runs of the same arm differ: of all pairs with the best arm of their subject, and of A/A pairs."""
        compared = [_pairs(best, other) for best, other in self._against_the_best()]
        return stats.noise(compared, self.a_a_pairs)

    @cached_property
    def comparisons(self) -> dict[str, list[Comparison]]:
        """Of each subject its best arm with the others, what carried most first."""
        # Who looks after each repeat whether it is decided, and at each other arm, has as many chances to be wrong.
        looks = self.experiment.repeats - 1 if self.experiment.until_decided else 1
        found: dict[str, list[Comparison]] = {subject: [] for subject in self.subjects}
        for best, other in self._against_the_best():
            chances = looks * (len(self.subjects[best.trial.subject]) - 1)
            compared = stats.compared(_pairs(best, other), self.noise, error=stats.ERROR / chances)
            found[best.trial.subject].append(Comparison(best, other, compared))
        return found

    def is_decided(self, subject: str) -> bool:
        """Whether it is known which arm of a subject carries more, or that none does by much."""
        found = self.comparisons.get(subject, [])
        return bool(found) and all(len(runs.results) > 1 for runs in self.subjects[subject]) and found[0].is_decided

    @cached_property
    def budgets(self) -> list[tuple[Runs, Budget]]:
        """Of each arm that was measured at several latencies: how many round trips a request takes."""
        by_arm: dict[Trial, list[Runs]] = {}
        for runs in self.runs:
            by_arm.setdefault(replace(runs.trial, latency_ms=0), []).append(runs)
        found = []
        for each in by_arm.values():
            points = [(r.trial.latency_ms, r.alone.request_ms) for runs in each for r in runs.results if r.alone]
            if fitted := budget(points):
                found.append((each[0], fitted))
        return found

    def in_flight(self, runs: Runs) -> float | None:
        """The most requests that a server had in its hands at once, over ten seconds, on average over an arm's runs;
        None where nothing was recorded."""
        slots, workers = self._server(runs.trial).slots, runs.trial.workers
        series = [self.recorded[r.trial.id].seconds for r in runs.results if r.trial.id in self.recorded]
        most = [in_flight(seconds, slots, workers) for seconds in series if seconds]
        return sum(most) / len(most) if most else None

    def marks(self, result: Result) -> list[str]:
        """What speaks against a trial: what was noted in it, and what shows beside its series and the other trials."""
        found = list(result.marks)
        usual = median(speeds) if (speeds := [r.cost.mhz for r in self.results if r.cost and r.cost.mhz]) else 0.0
        if result.cost and 0 < result.cost.mhz < SLOWEST * usual:
            found.append(f"the processors ran at {result.cost.mhz:.0f} MHz, and in most trials at {usual:.0f}")
        series = self.recorded.get(result.trial.id)
        law = little(series.seconds) if series else None
        if law and law.low > MOST_IN_FLIGHT:
            found.append(f"Little's law does not hold: {law.why}")
        return found

    def _server(self, trial: Trial) -> Server:
        return self.experiment.server(trial.server)

    def _ceiling(self, result: Result) -> Ceiling | None:
        if result.alone is None:
            return None
        series = self.recorded.get(result.trial.id)
        fastest_ms = min(series.total.ok_ms, default=None) if series else None
        return ceiling(result, self._server(result.trial), fastest_ms, dict(self.experiment.factors))

    def _against_the_best(self) -> Iterator[tuple[Runs, Runs]]:
        for subject in self.subjects.values():
            if ranked := _ranked([runs for runs in subject if runs.measured]):
                yield from ((ranked[0], other) for other in ranked[1:])


def is_odd(result: Result) -> bool:
    """Whether other programs or other machines left less for a run."""
    return any(mark.startswith(OTHERS) for mark in result.marks)


def _arm(trial: Trial) -> Trial:
    """Without what tells its runs apart."""
    return replace(trial, repeat=1, a_a=False)


def _ranked(measured: list[Runs]) -> list[Runs]:
    """What carried more than most others first; what cannot be true comes last."""
    return sorted(measured, key=lambda runs: (bool(runs.flag), -runs.wins(measured), -runs.carried))


def _mean_difference(first: Runs, other: Runs) -> float:
    found = stats.compared(_pairs(first, other), None)
    return found.ratio - 1 if found else first.carried - other.carried


def read(folder: ResultsFolder) -> Findings:
    """Of what was run so far, in the order of the plan. Raises UsageError."""
    experiment = folder.experiment()
    results = tuple(result for trial in trials(experiment) if (result := folder.result(trial)))
    recorded = {result.trial.id: series for result in results if (series := folder.series(result.trial))}
    return Findings(experiment, results, recorded, {result.trial.id: folder.costs(result.trial) for result in results})


def _pairs(first: Runs, other: Runs) -> list[stats.Pair]:
    """Runs of the same repeat, which were near each other in time."""
    return [(peak, other.peaks[repeat]) for repeat, peak in first.peaks.items() if repeat in other.peaks]
