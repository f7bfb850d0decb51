"""What an arm brought at each load, from all its runs: the points of its curves, and its full load.

The load is the number of users, or in an open model the arrivals a second that it makes due.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from locust_asyncdjango.lab.analysis.arm_runs import ArmRuns
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.metrics.interval import PERCENTILES
from locust_asyncdjango.metrics.load_curve import LoadLevel, merge_levels
from locust_asyncdjango.metrics.statistics import percentiles

MIN_REQUESTS = 60
"""The fewest requests of a point: three of them are above the 95th percentile."""
POINTS_LIMIT = 40
"""The most points of a curve: with more, chance makes it hard to read."""


@dataclass(frozen=True, slots=True)
class FullLoad:
    """What an arm brought at the highest load of its runs.

    users: those at that load. due_per_s: the arrivals a second of an open model; None in a closed one.
    per_s: successful responses a second. low, high: the 95 % interval of that; None where there is none.
    failed_share: from 0 to 1. p50_ms, p95_ms, p99_ms: of the successful requests; None without any.
    why: "" for a plateau; otherwise why there is none, so that these are the figures of the last level.
    """

    users: int
    per_s: float
    low: float | None
    high: float | None
    failed_share: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    why: str = ""
    due_per_s: float | None = None


def levels_of(findings: Findings, runs: ArmRuns) -> list[LoadLevel]:
    """Return the levels of all comparable runs of an arm, the lowest load first."""
    recorded = (findings.series.get(result.trial.id) for result in runs.comparable.values())
    return sorted((level for series in recorded if series for level in series.load_levels), key=lambda each: each.load)


def curve_points(levels: Sequence[LoadLevel]) -> list[LoadLevel]:
    """Return levels in which neighbours are merged until each has enough requests, the lowest load first."""
    if not levels:
        return []
    width = (levels[-1].load - levels[0].load) / POINTS_LIMIT
    points = [merge_levels(group) for group in _groups(levels, width)]
    if len(points) > 1 and _requests(points[-1:]) < MIN_REQUESTS:
        points[-2:] = [merge_levels(points[-2:])]
    return points


def full_load(runs: ArmRuns, levels: Sequence[LoadLevel]) -> FullLoad | None:
    """Return what an arm brought at full load; None where nothing was answered.

    levels: of its runs. They have the figures where the plateau's are unknown, as in results of earlier versions.
    """
    goodput = runs.figures.goodput if runs.figures else None
    if goodput:
        return FullLoad(
            goodput.users,
            goodput.per_s,
            goodput.low,
            goodput.high,
            goodput.failed_share,
            goodput.p50_ms,
            goodput.p95_ms,
            goodput.p99_ms,
            goodput.why,
            goodput.due_per_s,
        )
    last = full_level(levels)
    if last is None:
        return None
    p50_ms, p95_ms, p99_ms = percentiles(last.ok_ms, PERCENTILES) if last.ok_ms else (None, None, None)
    return FullLoad(
        *(round(last.users), last.per_s, None, None, last.failed_share, p50_ms, p95_ms, p99_ms),
        due_per_s=last.due_per_s,
    )


def full_level(levels: Sequence[LoadLevel]) -> LoadLevel | None:
    """Return what the highest load brought, or where that is little the last point of the curve; None without any."""
    if not levels:
        return None
    last = merge_levels([level for level in levels if level.load == levels[-1].load])
    return last if _requests([last]) >= MIN_REQUESTS else curve_points(levels)[-1]


def _groups(levels: Sequence[LoadLevel], width: float) -> Iterator[list[LoadLevel]]:
    group: list[LoadLevel] = []
    for level in levels:
        is_far = level.load - group[0].load >= width or level.load == levels[-1].load if group else False
        if is_far and _requests(group) >= MIN_REQUESTS:
            yield group
            group = []
        group.append(level)
    yield group


def _requests(levels: Iterable[LoadLevel]) -> int:
    return sum(level.failed + level.ok_ms.total() for level in levels)
