"""Whether two arms completed different mixes of requests. Start reading at ``find_difference``.

The mix of an arm is the share of each name among its finished requests, successful or not: so failures alone do not
change it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scipy.special import chdtrc, fdtrc

from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.metrics.request_names.sums import RequestsByName
from locust_asyncdjango.metrics.series_file import Series

MOST_DISTANCE = 0.05
"""Mixes that differ by less of their requests count as equal. Where some names take twice the time of others, such a
difference changes the total by 5 % at most, which no experiment of this size finds."""
ERROR = 0.01
"""How often two arms with the same mix may count as different, by chance."""
FEWEST_EXPECTED = 5.0
"""Names with fewer expected requests are tested together: the chi-squared distribution does not hold for so few."""


@dataclass(frozen=True, slots=True)
class RunRequests:
    """What one run completed.

    repeat: its number. names: the sums by name. seconds: how long it took. in_flight: requests at its end.
    """

    repeat: int
    names: RequestsByName
    seconds: int
    in_flight: int = 0

    @property
    def finished(self) -> Counter[str]:
        """Return how many requests with each name ended, successful or not."""
        return Counter({name: sums.requests for name, sums in self.names.items()})


@dataclass(frozen=True, slots=True)
class MixDifference:
    """Two arms that completed different mixes.

    distance: the share of an arm's requests, from 0 to 1, that would need other names to make both mixes equal (total
    variation). most: how much of it chance, and requests that were in flight at the end, can explain.
    """

    distance: float
    most: float


def requests_of(runs: ArmRuns, series: Mapping[str, Series]) -> list[RunRequests]:
    """Return what each comparable run of an arm completed; nothing for runs without a series, or without names."""
    recorded = [(repeat, series.get(result.trial.id)) for repeat, result in runs.comparable.items()]
    return [requests for repeat, each in recorded if each and (requests := requests_of_run(each, repeat))]


def requests_of_run(series: Series, repeat: int = 1) -> RunRequests | None:
    """Return what a run completed; None where its series has no names."""
    if not series.total.names:
        return None
    seconds = sum(interval.length for interval in series.intervals)
    return RunRequests(repeat, series.total.names, seconds, series.total.in_flight)


def find_difference(first: Sequence[RunRequests], other: Sequence[RunRequests]) -> MixDifference | None:
    """Return by how much two arms' mixes differ; None where they do not, or where an arm has no names.

    They differ if more than MOST_DISTANCE of the requests do, beyond those in flight at the end, whose names nobody
    knows, and if a test of homogeneity finds it (chi-squared, by the variance between runs of the same arm where it is
    larger than that of independent requests).
    """
    arms = [[run.finished for run in runs] for runs in (first, other)]
    mixes = [_sum(runs) for runs in arms]
    if not all(mix.total() for mix in mixes):
        return None
    distance = mix_distance(*mixes)
    most = MOST_DISTANCE + sum(
        sum(run.in_flight for run in runs) / (mix.total() + sum(run.in_flight for run in runs))
        for runs, mix in zip((first, other), mixes, strict=True)
    )
    return MixDifference(distance, most) if distance > most and _probability(arms) < ERROR else None


def mix_distance(first: Counter[str], other: Counter[str]) -> float:
    """Return half the sum of the differences of the shares by name: 0 for equal mixes, 1 without a common name."""
    names = first.keys() | other.keys()
    return sum(abs(first[name] / first.total() - other[name] / other.total()) for name in names) / 2


def _probability(arms: Sequence[Sequence[Counter[str]]]) -> float:
    """Return how probable such a difference between arms is if their mixes are the same."""
    between, freedom = _heterogeneity([_sum(runs) for runs in arms])
    if not freedom:
        return 1.0
    within = [_heterogeneity(runs) for runs in arms]
    freedom_within = sum(each for _, each in within)
    dispersion = sum(value for value, _ in within) / freedom_within if freedom_within else 1.0
    if dispersion > 1:
        return float(fdtrc(freedom, freedom_within, between / freedom / dispersion))
    return float(chdtrc(freedom, between))


def _heterogeneity(mixes: Sequence[Counter[str]]) -> tuple[float, int]:
    """Return Pearson's chi-squared of several mixes against their common one, and its degrees of freedom."""
    pooled, smallest = _sum(mixes), min((mix.total() for mix in mixes), default=0)
    if len(mixes) < 2 or not smallest:
        return 0.0, 0
    is_rare = {name: count * smallest / pooled.total() < FEWEST_EXPECTED for name, count in pooled.items()}
    classes = [[name] for name in pooled if not is_rare[name]]
    classes += [rare] if (rare := [name for name in pooled if is_rare[name]]) else []
    statistic = 0.0
    for names in classes:
        share = sum(pooled[name] for name in names) / pooled.total()
        for mix in mixes:
            expected = share * mix.total()
            statistic += (sum(mix[name] for name in names) - expected) ** 2 / expected
    return statistic, (len(classes) - 1) * (len(mixes) - 1)


def _sum(mixes: Iterable[Counter[str]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for mix in mixes:
        total.update(mix)
    return total
