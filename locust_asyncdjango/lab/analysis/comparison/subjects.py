"""The arms of one subject, every two of them compared run by run. Start reading at ``Subject``."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from math import log
from statistics import fmean

from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.comparison.criterion import Criterion, choose_criterion
from locust_asyncdjango.lab.analysis.comparison.noise import Differences

Arms = tuple[str, str]
"""The names of two arms, in the order of the experiment."""


@dataclass(frozen=True)
class Subject:
    """The measured arms of a subject. criterion: what decides between them; None if nothing does."""

    name: str
    arms: Sequence[ArmRuns]
    criterion: Criterion | None

    @property
    def route(self) -> str:
        """Return the route of all arms."""
        return self.arms[0].trial.route

    @cached_property
    def pairs(self) -> dict[Arms, tuple[Criterion, Differences]]:
        """Return the differences of every two arms that have some, with the criterion that they are of."""
        pairs = {}
        for first, second in combinations(self.arms, 2):
            criterion = pair_criterion(first, second, self.criterion)
            if criterion and (differences := _differences(first, second, criterion)):
                pairs[differences.arms] = (criterion, differences)
        return pairs

    def pairs_by(self, criterion: Criterion) -> list[Differences]:
        """Return the differences by one criterion, without those of which one side is only a bound."""
        return [pair for each, pair in self.pairs.values() if each is criterion and not pair.is_bound]

    def ranked(self) -> list[ArmRuns]:
        """Return the arms, best first: that which is better than most others. Invalid results come last."""
        wins = {runs.trial.arm: 0 for runs in self.arms}
        for one, other in combinations(self.arms, 2):
            arms = one.trial.arm, other.trial.arm
            if arms in self.pairs:
                lead = self.pairs[arms][1].mean
                wins[arms[0]] += lead > 0
                wins[arms[1]] += lead < 0
            else:
                wins[arms[0]] += self._goodness(one) > self._goodness(other)
                wins[arms[1]] += self._goodness(one) < self._goodness(other)
        return sorted(
            self.arms, key=lambda runs: (bool(runs.invalid_reason), -wins[runs.trial.arm], -self._goodness(runs))
        )

    def _goodness(self, runs: ArmRuns) -> float:
        """Return the figure of an arm, such that more is better. Without a criterion it is the peak, for the order."""
        if self.criterion is None:
            return runs.mean_peak_per_s
        mean = runs.mean(self.criterion)
        return -mean if self.criterion.is_less_better and mean else mean


def subject_of(name: str, arms: Sequence[ArmRuns], criterion: Criterion | None = None) -> Subject:
    """Return a subject. criterion: None to choose it by the figures of the arms."""
    figures = [[result.figures for result in runs.comparable.values() if result.figures] for runs in arms]
    return Subject(name, arms, criterion or (choose_criterion(figures) if figures else None))


def pair_criterion(first: ArmRuns, second: ArmRuns, criterion: Criterion | None) -> Criterion | None:
    """Return what decides between two arms: the goodput, where neither of them left the objective."""
    if criterion is Criterion.CAPACITY and first.is_bound and second.is_bound:
        return Criterion.GOODPUT
    return criterion


def _differences(first: ArmRuns, second: ArmRuns, criterion: Criterion) -> Differences | None:
    """Return the differences of two arms; None if they have no repeat in common, or if a run carried nothing.

    A ratio to nothing does not exist, and leaving the run out would hide it.
    """
    firsts, seconds = first.measurements(criterion), second.measurements(criterion)
    common = [repeat for repeat in firsts if repeat in seconds]
    measurements = [each for runs in (firsts, seconds) for each in runs.values()]
    if not common or not all(each.value for each in measurements):
        return None
    sign = -1 if criterion.is_less_better else 1
    first_logs, second_logs = (tuple(sign * log(runs[repeat].value) for repeat in common) for runs in (firsts, seconds))
    variance = fmean(firsts[repeat].variance + seconds[repeat].variance for repeat in common)
    is_bound = criterion is Criterion.CAPACITY and (first.is_bound or second.is_bound)
    return Differences((first.trial.arm, second.trial.arm), first_logs, second_logs, variance, is_bound)
