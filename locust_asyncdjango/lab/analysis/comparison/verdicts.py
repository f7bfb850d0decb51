"""The best arm of each subject, compared with the others. Start reading at ``ArmComparisons``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import exp, log, sqrt
from statistics import fmean

from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.comparison.criterion import Criterion, measure
from locust_asyncdjango.lab.analysis.comparison.noise import Differences, Noise, Noises, estimate_noise, estimate_noises
from locust_asyncdjango.lab.analysis.comparison.pair_tests import PairTest, pair_test
from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.lab.analysis.comparison.subjects import Arms, Subject, pair_criterion, subject_of
from locust_asyncdjango.lab.experiment.decision import Decision
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.metrics.statistics import ERROR, holm_errors

DECIDED_WIDTH = 1.1
"""The largest ratio of an interval's ends at which arms count as equal, because no difference that matters remains."""

SINGLE_RUN_RATIO = 1.1
"""The ratio of two single runs from which the better one is named, as that of this one run."""

Source = tuple[str, Criterion]
"""A route and a criterion: what has a noise of its own."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """The best arm of a subject and one of the others.

    criterion: what was compared; None if nothing decides.
    estimate: how many times as good the best arm is; None if a run of one of them carried nothing, or if they have no
        repeat in common. repeats: how many runs of each arm it is from.
    is_different: whether the arms differ; None if nobody knows, as each ran once.
    is_bound: whether the best arm may be better by more, because its load never broke the objective.
    is_stored: whether this is a decision that was made before, in place of what all runs show.
    """

    best: ArmRuns
    other: ArmRuns
    criterion: Criterion | None
    estimate: RatioEstimate | None = None
    repeats: int = 0
    is_different: bool | None = None
    is_bound: bool = False
    is_stored: bool = False

    @property
    def is_single_run(self) -> bool:
        """Return whether both arms ran once. Where they ran more often, one repeat may still be all that they share."""
        return all(len(runs.measured) == 1 for runs in (self.best, self.other))

    @property
    def is_ahead(self) -> bool:
        """Return whether the best arm is named as such: it differs, or in single runs it is clearly better in these.

        Without a ratio it is so named only where it brought something, and the other arm nothing in one of its runs. A
        capacity that no load of a run showed is below the lowest one, so that the best arm has to be above that.
        """
        if self.other.invalid_reason:
            return True
        if self.estimate is None:
            if self.criterion is None or not self.best.mean(self.criterion) or self.other.mean(self.criterion):
                return False
            (low, _), (_, bound) = self.best.capacity_range, self.other.capacity_range
            return self.criterion is not Criterion.CAPACITY or low >= bound
        return self.estimate.ratio >= SINGLE_RUN_RATIO if self.is_different is None else self.is_different

    @property
    def is_decided(self) -> bool:
        """Return whether more runs would not change the verdict.

        Without a ratio they would not if a run of one arm carried nothing. If only no repeat has both arms, as other
        programs disturbed one of them in each, the next one may.
        """
        if self.criterion is None:
            return False
        if self.is_stored:
            return True
        if self.estimate is None:
            return not (self.best.mean(self.criterion) and self.other.mean(self.criterion))
        if self.estimate.low is None or self.estimate.high is None:
            return False
        return bool(self.is_different) or self.estimate.high <= DECIDED_WIDTH * self.estimate.low

    def decision(self) -> Decision | None:
        """Return what this comparison decides; None where it has no interval, or was decided before."""
        estimate = self.estimate
        if (
            self.is_stored
            or self.criterion is None
            or estimate is None
            or estimate.low is None
            or estimate.high is None
        ):
            return None
        return Decision(
            subject=self.best.trial.subject,
            criterion=self.criterion.value,
            best=self.best.trial.arm,
            other=self.other.trial.arm,
            ratio=estimate.ratio,
            low=estimate.low,
            high=estimate.high,
            is_different=bool(self.is_different),
            repeats=self.repeats,
        )


@dataclass(frozen=True)
class ArmComparisons:
    """All comparisons of an experiment, and the noise that they rest on.

    arms: the measured arms of each subject. a_a_pairs: two runs of the same arm each.
    decisions: those that were made before.
    criterion: what decides everywhere; None to choose it for each subject.
    hypotheses: how many pairs of arms the whole experiment has, measured or not; they share the error.
    looks: how often it is checked whether a result is decided; these checks share the error too.
    """

    arms: Mapping[str, Sequence[ArmRuns]]
    a_a_pairs: Sequence[tuple[Result, Result]]
    hypotheses: int
    looks: int = 1
    decisions: Sequence[Decision] = ()
    criterion: Criterion | None = None

    @cached_property
    def subjects(self) -> dict[str, Subject]:
        """Return the subjects that have a measured arm, each with what decides between its arms."""
        return {
            name: subject_of(name, arms, self.criterion or self._decided_criterion(name))
            for name, arms in self.arms.items()
            if arms
        }

    @cached_property
    def a_a_logs(self) -> dict[Source, list[float]]:
        """Return the differences of the A/A pairs, by route and criterion."""
        by_source = self._a_a_by_arm.items()
        return {source: [each for logs in by_arm.values() for each in logs] for source, by_arm in by_source}

    @cached_property
    def _a_a_by_arm(self) -> dict[Source, dict[str, list[float]]]:
        logs: dict[Source, dict[str, list[float]]] = {}
        for first, second in self.a_a_pairs:
            subject = self.subjects.get(first.trial.subject)
            if subject and subject.criterion and (values := _values(first, second, subject.criterion)):
                by_arm = logs.setdefault((subject.route, subject.criterion), {})
                by_arm.setdefault(first.trial.arm, []).append(log(values[0] / values[1]))
        return logs

    @cached_property
    def noises(self) -> dict[Source, Noise]:
        """Return the noise of each route and criterion of which something was run twice."""
        sources = dict.fromkeys([*self.a_a_logs, *self._pairs_by_source])
        return {source: noise for source in sources if (noise := self._noise(source))}

    def _noise(self, source: Source) -> Noise | None:
        """Return the noise of a source with what is due to the runs' own few requests; None if it is unknown."""
        subjects = self._pairs_by_source.get(source, ())
        noise = estimate_noise(subjects, self.a_a_logs.get(source, ()))
        if noise is None:
            return None
        variances = [pair.variance for pairs in subjects for pair in pairs]
        return replace(noise, least_spread=sqrt(fmean(variances)) if variances else 0.0)

    @cached_property
    def _pairs_by_source(self) -> dict[Source, list[list[Differences]]]:
        """Return the differences of each subject of a route, by criterion."""
        pairs: dict[Source, list[list[Differences]]] = {}
        for subject in self.subjects.values():
            for criterion in dict.fromkeys(criterion for criterion, _ in subject.pairs.values()):
                pairs.setdefault((subject.route, criterion), []).append(subject.pairs_by(criterion))
        return pairs

    @cached_property
    def comparisons(self) -> dict[str, list[Comparison]]:
        """Return the best arm of each subject compared with the others, the better ones first."""
        return {name: list(self._comparisons_of(subject)) for name, subject in self.subjects.items()}

    def compare(self, subject: str, best: ArmRuns, other: ArmRuns) -> Comparison:
        """Return the comparison of two measured arms of a subject, whichever of them is the better one."""
        return self._comparison(self.subjects[subject], best, other)

    def _comparisons_of(self, subject: Subject) -> Iterator[Comparison]:
        best, *others = self._ranked(subject)
        stored = {each.other: each for each in self.decisions if each.subject == subject.name}
        for other in others:
            if decision := stored.get(other.trial.arm):
                yield _stored_comparison(best, other, decision)
            else:
                yield self._comparison(subject, best, other)

    def _ranked(self, subject: Subject) -> list[ArmRuns]:
        """Return the arms, best first; those that were decided in the order of their decisions."""
        stored = [each for each in self.decisions if each.subject == subject.name]
        decided = [arm for each in stored for arm in (each.best, each.other)]
        places = {arm: decided.index(arm) for arm in decided}
        return sorted(subject.ranked(), key=lambda runs: places.get(runs.trial.arm, len(decided)))

    def _comparison(self, subject: Subject, best: ArmRuns, other: ArmRuns) -> Comparison:
        arms = best.trial.arm, other.trial.arm
        is_reversed = arms not in subject.pairs
        key = arms[::-1] if is_reversed else arms
        if key not in subject.pairs:
            return Comparison(best, other, pair_criterion(best, other, subject.criterion))
        criterion, pair = subject.pairs[key]
        is_bound = pair.is_bound and best.is_bound
        if test := self._tests.get((subject.name, key)):
            is_different = (subject.name, key) in self._different
            estimate = test.estimate(ERROR / (self.looks * self.hypotheses), is_different=is_different)
            estimate = estimate.reversed() if is_reversed else estimate
            return Comparison(best, other, criterion, estimate, test.repeats, is_different, is_bound)
        ratio = exp(-pair.mean if is_reversed else pair.mean)
        return Comparison(best, other, criterion, RatioEstimate(ratio, None, None), len(pair.logs), is_bound=is_bound)

    @cached_property
    def _tests(self) -> dict[tuple[str, Arms], PairTest]:
        routes = {
            source: estimate_noises(pairs, self._a_a_by_arm.get(source, {}))
            for source, pairs in self._pairs_by_source.items()
        }
        tests = {
            (name, arms): pair_test(
                pair, self._own_noises.get((subject.route, criterion, arms)), routes.get((subject.route, criterion))
            )
            for name, subject in self.subjects.items()
            for arms, (criterion, pair) in subject.pairs.items()
        }
        return {key: test for key, test in tests.items() if test}

    @cached_property
    def _own_noises(self) -> dict[tuple[str, Criterion, Arms], Noises | None]:
        """Return the noises of every two arms of a route, under all its conditions."""
        pairs: dict[tuple[str, Criterion, Arms], list[list[Differences]]] = {}
        for subject in self.subjects.values():
            for arms, (criterion, pair) in subject.pairs.items():
                pairs.setdefault((subject.route, criterion, arms), []).append([pair])
        return {key: estimate_noises(each, self._a_a_by_arm.get(key[:2], {})) for key, each in pairs.items()}

    @cached_property
    def _different(self) -> set[tuple[str, Arms]]:
        """Return the pairs of arms that differ, of the subjects without a decision."""
        decided = {each.subject for each in self.decisions}
        tests = {key: test for key, test in self._tests.items() if key[0] not in decided}
        hypotheses = self.hypotheses - sum(each.is_different for each in self.decisions)
        errors = holm_errors([test.p for test in tests.values()], hypotheses, ERROR / self.looks)
        return {key for (key, test), error in zip(tests.items(), errors, strict=True) if test.p <= error}

    def _decided_criterion(self, subject: str) -> Criterion | None:
        """Return what decided a subject before; None for one without a decision."""
        criteria = [Criterion(each.criterion) for each in self.decisions if each.subject == subject]
        return next((each for each in criteria if each is Criterion.CAPACITY), next(iter(criteria), None))


def _stored_comparison(best: ArmRuns, other: ArmRuns, decision: Decision) -> Comparison:
    estimate = RatioEstimate(decision.ratio, decision.low, decision.high)
    criterion = Criterion(decision.criterion)
    is_bound = criterion is Criterion.CAPACITY and best.is_bound
    return Comparison(
        best, other, criterion, estimate, decision.repeats, decision.is_different, is_bound, is_stored=True
    )


def _values(first: Result, second: Result, criterion: Criterion) -> tuple[float, float] | None:
    """Return the figures of two runs; None where one has none or carried nothing."""
    measurements = [measure(result.figures, criterion) if result.figures else None for result in (first, second)]
    values = [each.value if each else 0.0 for each in measurements]
    return (values[0], values[1]) if all(values) else None
