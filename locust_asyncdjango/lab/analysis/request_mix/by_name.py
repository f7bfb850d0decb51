"""Two arms compared name by name, over their whole runs. Start reading at ``compare_names``."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import exp, log, sqrt
from statistics import fmean, stdev

from locust_asyncdjango.lab.analysis.request_mix.mixes import RunRequests
from locust_asyncdjango.metrics.request_names.sums import RequestSums, sum_of_all
from locust_asyncdjango.metrics.statistics import percentile, student_t

_P95 = Fraction(95)


@dataclass(frozen=True, slots=True)
class NameComparison:
    """The requests with one name on two arms.

    first_per_s, other_per_s: successful requests a second, over all runs. first_p95_ms, other_p95_ms: None without a
    success. first_failed, other_failed: the share that failed, from 0 to 1. ratio: how many times as many the first arm
    carried, from pairs of runs; None if a run carried none. low, high: its 95 % interval; None for less than two pairs.
    """

    name: str
    first_per_s: float
    other_per_s: float
    first_p95_ms: float | None
    other_p95_ms: float | None
    first_failed: float
    other_failed: float
    ratio: float | None = None
    low: float | None = None
    high: float | None = None


def compare_names(first: Sequence[RunRequests], other: Sequence[RunRequests]) -> tuple[NameComparison, ...]:
    """Return the comparison of each name that both arms or one of them requested, the most frequent first."""
    counts = {name: _sums(first, name).requests + _sums(other, name).requests for name in _names((*first, *other))}
    names = sorted(counts, key=lambda name: (-counts[name], name))
    return tuple(_compare(name, first, other) for name in names)


def _compare(name: str, first: Sequence[RunRequests], other: Sequence[RunRequests]) -> NameComparison:
    mine, others = _sums(first, name), _sums(other, name)
    ratio, low, high = _ratio(name, first, other)
    return NameComparison(
        name,
        mine.ok / max(_seconds(first), 1),
        others.ok / max(_seconds(other), 1),
        _p95_ms(mine),
        _p95_ms(others),
        _failed_share(mine),
        _failed_share(others),
        ratio,
        low,
        high,
    )


def _p95_ms(sums: RequestSums) -> float | None:
    return percentile(sums.ok_ms, _P95) if sums.ok_ms else None


def _failed_share(sums: RequestSums) -> float:
    return sums.failures / sums.requests if sums.requests else 0.0


def _ratio(
    name: str, first: Sequence[RunRequests], other: Sequence[RunRequests]
) -> tuple[float | None, float | None, float | None]:
    """Return the ratio of the rates from pairs of runs, with its interval."""
    others = {run.repeat: run for run in other}
    pairs = [(_per_s(run, name), _per_s(others[run.repeat], name)) for run in first if run.repeat in others]
    if not pairs or min(min(pair) for pair in pairs) <= 0:
        return None, None, None
    logs = [log(mine) - log(theirs) for mine, theirs in pairs]
    mean = fmean(logs)
    if len(logs) < 2:
        return exp(mean), None, None
    reach = student_t(len(logs) - 1) * stdev(logs) / sqrt(len(logs))
    return exp(mean), exp(mean - reach), exp(mean + reach)


def _names(runs: Sequence[RunRequests]) -> set[str]:
    return {name for run in runs for name in run.names}


def _sums(runs: Sequence[RunRequests], name: str) -> RequestSums:
    return sum_of_all(run.names[name] for run in runs if name in run.names)


def _seconds(runs: Sequence[RunRequests]) -> int:
    return sum(run.seconds for run in runs)


def _per_s(run: RunRequests, name: str) -> float:
    return run.names[name].ok / max(run.seconds, 1) if name in run.names else 0.0
