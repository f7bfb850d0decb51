"""Findings: what the results of an experiment show. Start reading at ``Findings``.

They say which runs belong together, how arms differ and how sure that is, which caveats apply, and which results cannot
be right. Reports are made from findings alone.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from math import comb
from statistics import median

from locust_asyncdjango.analysis.formatting import too_short_reason
from locust_asyncdjango.analysis.request_names import RequestFigures, request_figures
from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.analysis.saturation.onsets.repeated import CommonOnset
from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns, is_disturbed
from locust_asyncdjango.lab.analysis.ceilings import Ceiling, ceiling_violation, compute_ceiling, peak_in_flight
from locust_asyncdjango.lab.analysis.comparison.criterion import Criterion
from locust_asyncdjango.lab.analysis.comparison.noise import Noise
from locust_asyncdjango.lab.analysis.comparison.verdicts import ArmComparisons, Comparison, Source
from locust_asyncdjango.lab.analysis.littles_law import check_littles_law
from locust_asyncdjango.lab.analysis.processor_use import ProcessorUse, find_processor_use, mean_use
from locust_asyncdjango.lab.analysis.request_mix.by_name import NameComparison, compare_names
from locust_asyncdjango.lab.analysis.request_mix.mixes import MixDifference, find_difference, requests_of
from locust_asyncdjango.lab.analysis.round_trips import RoundTripFit, fit_round_trips
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.experiment.decision import Decision
from locust_asyncdjango.lab.experiment.result import ResourceSample, Result
from locust_asyncdjango.lab.experiment.results_folder import LeftOut, ResultsFolder
from locust_asyncdjango.lab.experiment.schedule.confirmation import confirm, confirm_slowdown
from locust_asyncdjango.lab.experiment.schedule.plan import comparisons, trials
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.metrics.request_names.sums import sums_by_name
from locust_asyncdjango.metrics.series_file import Series

MIN_CLOCK_SHARE = 0.9
"""The share of the experiment's median processor frequency below which a trial gets a caveat."""
MAX_IN_FLIGHT_PER_USER = 1.1
"""Requests in flight per user, by Little's law, above which a trial gets a caveat. There are fewer than one in each run
whose last requests are cut off."""


@dataclass(frozen=True)
class Findings:
    """What an experiment has shown, as far as it was run.

    series, resource_samples: what was recorded, by the id of the trial.
    confirmations: the plateaus on which the capacity of an arm was held, by the arm's trial.
    decisions: those that were made while it ran; the verdict says what they say, whatever was measured later.
    left_out: why the run left trials out, by their id; of those that it did.
    recorded_objective: that of the run, where these findings are for another one; "" otherwise.
    """

    experiment: Experiment
    results: tuple[Result, ...]
    series: Mapping[str, Series]
    resource_samples: Mapping[str, Sequence[ResourceSample]] = field(default_factory=dict)
    confirmations: Mapping[Trial, Sequence[Result]] = field(default_factory=dict)
    decisions: tuple[Decision, ...] = ()
    left_out: Mapping[str, LeftOut] = field(default_factory=dict)
    recorded_objective: str = ""

    @property
    def valid_decisions(self) -> tuple[Decision, ...]:
        """Return the decisions that were made for the objective of these findings."""
        return () if self.recorded_objective else self.decisions

    @cached_property
    def runs(self) -> list[ArmRuns]:
        """Return the runs of each arm, in the order of the experiment's arms, without A/A pairs."""
        by_arm: dict[Trial, list[Result]] = {trial: [] for each in comparisons(self.experiment) for trial in each}
        for result in self.results:
            if not result.trial.a_a:
                by_arm.setdefault(replace(result.trial, repeat=1, a_a=False), []).append(result)
        return [ArmRuns(trial, tuple(each), tuple(map(self._ceiling, each))) for trial, each in by_arm.items() if each]

    @cached_property
    def subjects(self) -> dict[str, list[ArmRuns]]:
        """Return the arms that are compared with each other, by their subject: the route and its conditions."""
        return {subject: list(each) for subject, each in groupby(self.runs, key=lambda runs: runs.trial.subject)}

    @cached_property
    def a_a_pairs(self) -> list[tuple[Result, Result]]:
        """Return the pairs of runs of the same arm, without invalid and disturbed runs."""
        usable = {
            result.trial.repeat: result
            for result in self.results
            if result.trial.a_a
            and result.figures
            and not ceiling_violation(result, self._ceiling(result))
            and not is_disturbed(result)
        }
        return [(usable[n], usable[n + 1]) for n in usable if n % 2 and n + 1 in usable]

    @cached_property
    def _arm_comparisons(self) -> ArmComparisons:
        measured = {name: [runs for runs in arms if runs.measured] for name, arms in self.subjects.items()}
        planned = {trial for each in comparisons(self.experiment) for trial in each}
        planned.update(runs.trial for runs in self.runs)
        arms_of_subjects = Counter(trial.subject for trial in planned)
        return ArmComparisons(
            measured,
            self.a_a_pairs,
            hypotheses=max(sum(comb(arms, 2) for arms in arms_of_subjects.values()), 1),
            looks=self.looks,
            decisions=self.valid_decisions,
        )

    @property
    def looks(self) -> int:
        """Return how often it is checked whether a subject is decided; each check is one more chance to be wrong."""
        return self.experiment.repeats - 1 if self.experiment.until_decided else 1

    @property
    def hypotheses(self) -> int:
        """Return how many pairs of arms share the error."""
        return self._arm_comparisons.hypotheses

    @property
    def noises(self) -> dict[Source, Noise]:
        """Return how much runs of the same arm differ, by route and criterion."""
        return self._arm_comparisons.noises

    @property
    def a_a_logs(self) -> dict[Source, list[float]]:
        """Return the differences of the logarithms of A/A pairs, by route and criterion."""
        return self._arm_comparisons.a_a_logs

    def criterion(self, subject: str) -> Criterion | None:
        """Return what decides between the arms of a subject; None if nothing does, as no figure is known of all."""
        found = self._arm_comparisons.subjects.get(subject)
        return found.criterion if found else None

    @cached_property
    def comparisons(self) -> dict[str, list[Comparison]]:
        """Return the best arm of each subject compared with the others, the better ones first."""
        return {subject: self._arm_comparisons.comparisons.get(subject, []) for subject in self.subjects}

    def full_load_comparison(self, comparison: Comparison) -> Comparison | None:
        """Return how two arms compare by goodput at full load, if their capacities do not differ.

        comparison: of the two. The first arm of the result is the one that brings more. None where the capacities
        differ, where something else decides, or where the goodput does not differ either. It makes no winner: the
        capacity decides.
        """
        best, other = comparison.best, comparison.other
        if comparison.criterion is not Criterion.CAPACITY or comparison.is_ahead:
            return None
        if best.invalid_reason or other.invalid_reason or not self.is_by_total(comparison):
            return None
        arms = sorted((best, other), key=lambda runs: -runs.mean(Criterion.GOODPUT))
        by_goodput = self._goodput_comparisons.compare(best.trial.subject, arms[0], arms[1])
        return by_goodput if by_goodput.estimate and by_goodput.is_ahead else None

    @cached_property
    def _goodput_comparisons(self) -> ArmComparisons:
        """Return the comparisons of all arms by their goodput at full load, whatever decides."""
        return replace(self._arm_comparisons, criterion=Criterion.GOODPUT, decisions=())

    def ranked(self, subject: str) -> list[ArmRuns]:
        """Return the arms of a subject, best first; those that were not measured come last."""
        compared = self.comparisons[subject]
        ranked = [compared[0].best, *(each.other for each in compared)] if compared else []
        return [*ranked, *(runs for runs in self.subjects[subject] if runs not in ranked)]

    def slowdown(self, runs: ArmRuns) -> CommonOnset:
        """Return where latency rises in the runs of an arm; without doubt if they agree, or a plateau confirms it.

        A plateau that shows otherwise counts more: a server that slows down with time does so in each run alike.
        """
        common = runs.slowdown
        if common.onset is None or not (common.onset.doubt or (common.is_confirmed and runs.is_slowdown_doubtful)):
            return common
        return replace(common, onset=confirm_slowdown(common.onset, self.confirmations.get(runs.trial, ())))

    def mix_difference(self, first: ArmRuns, other: ArmRuns) -> MixDifference | None:
        """Return by how much the mixes of requests differ that two arms completed; None where they do not."""
        return find_difference(*(requests_of(runs, self.series) for runs in (first, other)))

    def compare_names(self, first: ArmRuns, other: ArmRuns) -> tuple[NameComparison, ...]:
        """Return the comparison of two arms name by name, the most frequent name first."""
        return compare_names(*(requests_of(runs, self.series) for runs in (first, other)))

    def requests_by_name(self, runs: ArmRuns) -> tuple[RequestFigures, ...]:
        """Return the figures of each name over all comparable runs of an arm, worst first."""
        named = (item for run in requests_of(runs, self.series) for item in run.names.items())
        return request_figures(sums_by_name(named))

    def is_by_total(self, comparison: Comparison) -> bool:
        """Return whether two arms are compared by their totals: not where they completed different mixes of names."""
        return self.mix_difference(comparison.best, comparison.other) is None

    def is_decided(self, subject: str) -> bool:
        """Return whether it is known which arm of a subject is best, or that none is much better."""
        if any(decision.subject == subject for decision in self.valid_decisions):
            return True
        compared = self.comparisons.get(subject, [])
        is_repeated = all(len(runs.results) > 1 for runs in self.subjects.get(subject, []))
        return bool(compared) and is_repeated and compared[0].is_decided and self.is_by_total(compared[0])

    def new_decisions(self) -> tuple[Decision, ...]:
        """Return the decisions that can be made now: of each subject that is decided and was not before."""
        if not self.experiment.until_decided:
            return ()
        decided = {decision.subject for decision in self.decisions}
        return tuple(
            decision
            for subject, compared in self.comparisons.items()
            if subject not in decided and self.is_decided(subject)
            for comparison in compared
            if self.is_by_total(comparison) and (decision := comparison.decision())
        )

    @cached_property
    def round_trips(self) -> list[tuple[ArmRuns, RoundTripFit]]:
        """Return how many round trips a request takes, for each arm that was measured at several latencies."""
        by_arm: dict[Trial, list[ArmRuns]] = {}
        for runs in self.runs:
            by_arm.setdefault(replace(runs.trial, latency_ms=0), []).append(runs)
        fits = []
        for each in by_arm.values():
            points = [(r.trial.latency_ms, r.baseline.request_ms) for runs in each for r in runs.results if r.baseline]
            if fit := fit_round_trips(points):
                fits.append((each[0], fit))
        return fits

    def peak_in_flight(self, runs: ArmRuns) -> float | None:
        """Return the most requests that a server worked on at once, the mean over an arm's runs; None if unknown."""
        slots, workers = self._server(runs.trial).slots, runs.trial.workers
        series = [self.series[r.trial.id].intervals for r in runs.results if r.trial.id in self.series]
        peaks = [peak_in_flight(intervals, slots, workers) for intervals in series if intervals]
        return sum(peaks) / len(peaks) if peaks else None

    def processor_use(self, runs: ArmRuns) -> ProcessorUse | None:
        """Return who used the processors at full load, on average over an arm's comparable runs; None if unknown."""
        uses = [use for result in runs.comparable.values() if (use := self._processor_use(result))]
        return mean_use(uses) if uses else None

    def _processor_use(self, result: Result) -> ProcessorUse | None:
        series, goodput = self.series.get(result.trial.id), result.figures.goodput if result.figures else None
        if series is None or goodput is None:
            return None
        return find_processor_use(self.resource_samples.get(result.trial.id, ()), goodput, series.started_s)

    def caveats(self, result: Result) -> list[str]:
        """Return the reasons to doubt a trial, from the trial itself, its series, and the other trials."""
        return self._caveats[result.trial.id]

    @cached_property
    def _caveats(self) -> dict[str, list[str]]:
        clocks = [result.peak_usage.mhz for result in self.results if result.peak_usage and result.peak_usage.mhz]
        usual_mhz = median(clocks) if clocks else 0.0
        return {r.trial.id: [*r.caveats, *self._caveats_by_comparison(r, usual_mhz)] for r in self.results}

    def _caveats_by_comparison(self, result: Result, usual_mhz: float) -> Iterator[str]:
        if result.peak_usage and 0 < result.peak_usage.mhz < MIN_CLOCK_SHARE * usual_mhz:
            yield f"the processors ran at {result.peak_usage.mhz:.0f} MHz, in most trials at {usual_mhz:.0f} MHz"
        if result.figures and (reason := too_short_reason(result.figures)):
            yield reason
        series = self.series.get(result.trial.id)
        law = check_littles_law(series.intervals) if series else None
        if law and law.low > MAX_IN_FLIGHT_PER_USER:
            yield f"Little's law does not hold: {law.why}"

    def _server(self, trial: Trial) -> Server:
        return self.experiment.server_of(trial)

    def _ceiling(self, result: Result) -> Ceiling | None:
        if result.baseline is None:
            return None
        series = self.series.get(result.trial.id)
        fastest_ms = min(series.total.ok_ms, default=None) if series else None
        return compute_ceiling(result, self._server(result.trial), fastest_ms, dict(self.experiment.factors))


def read_findings(folder: ResultsFolder) -> Findings:
    """Return the findings of all trials that were run so far, in the order of the plan. Raise UsageError."""
    experiment = folder.experiment()
    results = tuple(result for trial in trials(experiment) if (result := folder.result(trial)))
    series = {result.trial.id: series for result in results if (series := folder.series(result.trial))}
    samples = {result.trial.id: folder.resource_samples(result.trial) for result in results}
    current = tuple(with_current_figures(result, series.get(result.trial.id)) for result in results)
    findings = Findings(experiment, current, series, samples, decisions=folder.decisions(), left_out=folder.left_out())
    confirmations = {runs.trial: confirm(runs.results, folder.result) for runs in findings.runs}
    return replace(findings, confirmations={trial: each for trial, each in confirmations.items() if each})


def with_current_figures(result: Result, series: Series | None) -> Result:
    """Return a result with the figures that decide, which those of earlier versions do not have: from its series."""
    figures = result.figures
    if figures is None or series is None or figures.goodput or figures.capacity:
        return result
    found = find_saturation(series.intervals, series.load_levels, total=series.total)
    return replace(
        result,
        figures=replace(
            figures,
            goodput=found.goodput,
            capacity=found.capacity,
            unloaded_ms=found.unloaded_ms,
            is_saturated=found.is_saturated,
        ),
    )
