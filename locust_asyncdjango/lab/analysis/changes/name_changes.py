"""What changed for the requests with each name: their p95, and how many of them fail.

Start reading at ``find_name_changes``. The figures are those of whole runs, as they were measured: what the machine
changed is in them, since a slower machine does not slow all requests alike.

Definitions
    change: of the p95, the difference of the means of its logarithms over runs, after minus before; of the failures,
        the difference of the mean shares.
    dispersion: how many times as much the runs of a name vary about their means before and after as chance makes of so
        few requests, as a variance; at least 1. It is that of all names of the arm, or of the name if that is larger.
        Then it has the degrees of freedom of the name alone, where an F test finds that it is noisier.
    interval: by Student's t. All names of all arms, and both figures, share the error by Holm's method.
    Where neither side was repeated, nothing shows the noise. Then a change counts if it is large, and more than chance
    within the two runs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import exp, fsum, log, sqrt
from statistics import fmean

from scipy.special import fdtri

from locust_asyncdjango.lab.analysis.changes.change_stats import p_value, reach
from locust_asyncdjango.lab.analysis.comparison.noise import LARGEST_LOG
from locust_asyncdjango.lab.analysis.comparison.pair_tests import MAX_FREEDOM_GAIN
from locust_asyncdjango.lab.analysis.request_mix.mixes import RunRequests
from locust_asyncdjango.metrics.request_names.sums import RequestSums
from locust_asyncdjango.metrics.statistics import holm_errors, percentile

FEWEST_REQUESTS = 60
"""A run with fewer requests of a name says nothing about them: three are above the p95."""
LARGE_RATIO = 1.5
"""From which ratio on a p95 counts as different in single runs,"""
LARGE_SHARE = 0.01
"""and from which difference on a share of failures does."""
NOISIER_ERROR = 0.2
"""How often a name that is as noisy as the others of its arm may count as noisier. With the usual 5 %, too many noisy
names would not count as such, and would be called different too often."""
_P95 = Fraction(95)
_ABOVE_P95 = 0.05


class Metric(StrEnum):
    """A figure of the requests with one name: their p95 latency, or the share of them that failed."""

    P95 = "p95"
    FAILURES = "failures"


@dataclass(frozen=True, slots=True)
class NameChange:
    """How a figure of the requests with one name changed on an arm.

    before, after: milliseconds for P95, a share from 0 to 1 for FAILURES; means over the runs.
    low, high: the interval of the change, for P95 of the ratio of after to before, for FAILURES of the difference; None
        where neither side was repeated. is_different: whether it changed, as far as is known.
    """

    arm: str
    name: str
    metric: Metric
    before: float
    after: float
    low: float | None
    high: float | None
    is_different: bool

    @property
    def is_repeated(self) -> bool:
        """Return whether there were repeats, so that the noise is known."""
        return self.low is not None

    @property
    def change(self) -> float:
        """Return the ratio of after to before for P95, and the difference for FAILURES."""
        return self.after / self.before if self.metric is Metric.P95 else self.after - self.before


NamedRuns = tuple[str, Sequence[RunRequests], Sequence[RunRequests]]
"""An arm, and what each of its runs completed before and after."""


def find_name_changes(arms: Iterable[NamedRuns]) -> tuple[NameChange, ...]:
    """Return the changes of each name that an arm requested often enough in each run, before and after.

    Those that differ come first, and larger changes before smaller ones.
    """
    tests = [test for arm in arms for metric in Metric for test in _tests(_differences(*arm, metric))]
    errors = holm_errors([test.p for test in tests], len(tests))
    changes = (test.change(error) for test, error in zip(tests, errors, strict=True))
    return tuple(sorted(changes, key=lambda each: (not each.is_different, -_size(each))))


@dataclass(frozen=True, slots=True)
class _Value:
    """The figure of a run, a logarithm for P95, and its variance by chance."""

    figure: float
    variance: float


@dataclass(frozen=True, slots=True)
class _Difference:
    """The means of a name's figure before and after.

    squares: of the runs' deviations from these, in units of the variance by chance. freedom: how many of them are
    independent; 0 without repeats. by_chance: the variance of the difference of the means that is due to chance.
    """

    arm: str
    name: str
    metric: Metric
    before: float
    after: float
    squares: float
    freedom: int
    by_chance: float


@dataclass(frozen=True, slots=True)
class _Test:
    """A difference with its standard error, and the degrees of freedom of that; 0 without repeats."""

    difference: _Difference
    spread: float
    freedom: int

    @property
    def _distance(self) -> float:
        return self.difference.after - self.difference.before

    @property
    def p(self) -> float:
        return p_value(self._distance, self.spread, self.freedom)

    def change(self, error: float) -> NameChange:
        """Return the change. error: how often this one may be called different by chance."""
        each = self.difference
        shown = _exp if each.metric is Metric.P95 else float
        margin = reach(self.freedom, error) * self.spread
        low, high = (shown(self._distance - margin), shown(self._distance + margin)) if self.freedom else (None, None)
        least = log(LARGE_RATIO) if each.metric is Metric.P95 else LARGE_SHARE
        is_different = self.p <= error and (self.freedom > 0 or abs(self._distance) >= least)
        return NameChange(
            each.arm, each.name, each.metric, shown(each.before), shown(each.after), low, high, is_different
        )


def _tests(differences: Sequence[_Difference]) -> Iterator[_Test]:
    """Yield the tests of one figure of an arm's names."""
    freedom = sum(each.freedom for each in differences)
    of_arm = fsum(each.squares for each in differences) / freedom if freedom else 1.0
    for each in differences:
        own = each.squares / each.freedom if each.freedom else 1.0
        is_noisier = bool(each.freedom) and own > of_arm * fdtri(each.freedom, freedom, 1 - NOISIER_ERROR)
        known = each.freedom if is_noisier else min(freedom, MAX_FREEDOM_GAIN * each.freedom)
        yield _Test(each, sqrt(each.by_chance * max(own, of_arm, 1.0)), known)


def _differences(
    arm: str, before: Sequence[RunRequests], after: Sequence[RunRequests], metric: Metric
) -> list[_Difference]:
    """Return the differences of each name that has the figure in each run; not of the failures of one without any."""
    differences = []
    for name in sorted({name for run in (*before, *after) for name in run.names}):
        sides = [[_value(run.names.get(name), metric) for run in side] for side in (before, after)]
        known = [[value for value in side if value] for side in sides]
        is_any = metric is Metric.P95 or any(value.figure for side in known for value in side)
        if all(known) and known == sides and is_any:
            differences.append(_difference(arm, name, metric, known[0], known[1]))
    return differences


def _difference(arm: str, name: str, metric: Metric, before: Sequence[_Value], after: Sequence[_Value]) -> _Difference:
    means = [fmean(value.figure for value in side) for side in (before, after)]
    freedom = len(before) + len(after) - 2
    squares = fsum(
        (value.figure - mean) ** 2 for side, mean in zip((before, after), means, strict=True) for value in side
    )
    by_chance = fmean(value.variance for value in (*before, *after))
    return _Difference(
        *(arm, name, metric, means[0], means[1], squares / by_chance, freedom),
        by_chance=by_chance * (1 / len(before) + 1 / len(after)),
    )


def _value(sums: RequestSums | None, metric: Metric) -> _Value | None:
    if sums is None:
        return None
    if metric is Metric.P95:
        count = sums.ok_ms.total()
        p95_ms = percentile(sums.ok_ms, _P95) if count >= FEWEST_REQUESTS else 0.0
        return _Value(log(p95_ms), 1 / (_ABOVE_P95 * count)) if p95_ms else None
    if sums.requests < FEWEST_REQUESTS:
        return None
    share = (sums.failures + 0.5) / (sums.requests + 1)  # none of few requests is not none at all
    return _Value(sums.failures / sums.requests, share * (1 - share) / sums.requests)


def _exp(value: float) -> float:
    return exp(min(value, LARGEST_LOG))


def _size(change: NameChange) -> float:
    """Return how large a change is: a p95 that is a tenth longer counts about as much as ten percentage points."""
    return abs(log(change.change)) if change.metric is Metric.P95 else abs(change.change)
