"""Planted truths: where the share of failures rises, and where it does not."""

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random

import pytest

from locust_asyncdjango.analysis.saturation.onsets.failures import Breaking, find_breaking
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series

RAMP = [3 * (t + 1) for t in range(40)]
Share = Callable[[int, float], float]


def run(share: Share, seed: int = 0, users: Sequence[int] = RAMP, per_user_s: int = 5) -> list[Interval]:
    """Return the seconds of a run. share: of the requests that fail, by second and by users."""
    chance, rows, before = Random(seed), [], 0
    for t, after in enumerate(users):
        mean = (before + after) / 2
        requests = round(mean * per_user_s)
        failed = sum(chance.random() < share(t, mean) for _ in range(requests))
        ok = requests - failed
        kinds, ms = Counter(timeout=failed) if failed else Counter[str](), Counter({20.0: ok})
        rows.append(Row(t, after, ok, kinds, ok_ms=ms, failed_ms=Counter({20.0: failed} if failed else {})))
        before = after
    return list(Series.from_rows({}, rows).intervals)


@pytest.mark.parametrize(
    ("below", "beyond"), [(0.0, 1.0), (0.0, 0.05), (0.001, 0.3), (0.1, 0.5)], ids=["all", "few", "chance", "mixed"]
)
def test_errors_start_where_the_share_rises(below: float, beyond: float) -> None:
    covered = 0
    for seed in range(10):
        onset = find_breaking(run(lambda _, users: beyond if users > 60 else below, seed)).onset
        assert onset is not None
        covered += onset.low <= 60 <= onset.high
    assert covered >= 9


def test_where_the_share_rises_by_and_by_errors_start_at_its_beginning() -> None:
    onset = find_breaking(run(lambda _, users: max(users - 60, 0) / users)).onset
    assert onset is not None
    assert (onset.low <= 62, onset.users <= 66) == (True, True)


@pytest.mark.parametrize("share", [1e-4, 1e-3, 5e-3])
def test_failures_by_chance_are_no_breaking(share: float) -> None:
    found = [find_breaking(run(lambda *_: share, seed)) for seed in range(20)]
    assert sum(breaking.onset is not None for breaking in found) <= 1
    assert not any(breaking.fails_always for breaking in found)


@pytest.mark.parametrize("share", [0.02, 0.5, 1.0])
def test_what_fails_at_every_load_is_not_broken_by_it(share: float) -> None:
    assert find_breaking(run(lambda *_: share)) == Breaking(None, fails_always=True)


def test_errors_of_other_names_start_where_theirs_rise() -> None:
    intervals = run(lambda _, users: 0.3 if users > 60 else 0.0)
    alone = find_breaking(intervals)
    for interval in intervals:
        more = interval.ok // 2
        interval.failed += Counter(http_5xx=more)
        interval.failed_by_name = Counter({"GET /broken/": more})
    assert find_breaking(intervals, ["GET /broken/"]) == alone
    assert find_breaking(intervals).onset is None


def test_a_burst_that_passes_is_no_breaking() -> None:
    assert find_breaking(run(lambda t, _: 0.8 if 20 <= t < 22 else 0.0)) == Breaking(None)


def test_a_server_that_breaks_with_time_does_so_at_the_users_of_that_time() -> None:
    onset = find_breaking(run(lambda t, _: 0.5 if t >= 70 else 0.0, users=[*RAMP, *[120] * 60])).onset
    assert onset is not None
    assert (onset.t, onset.users, onset.low, onset.high) == (70, 120, 120, 120)


def test_errors_that_go_when_the_users_leave_are_due_to_them() -> None:
    onset = find_breaking(run(lambda _, users: 0.5 if users > 60 else 0.0, users=[*RAMP, *reversed(RAMP)])).onset
    assert onset is not None
    assert (onset.t, onset.low <= 60 <= onset.high) == (20, True)


def test_without_failures_nothing_breaks() -> None:
    assert find_breaking([]) == find_breaking(run(lambda *_: 0.0)) == Breaking(None)
