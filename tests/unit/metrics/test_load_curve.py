"""What each number of users brought."""

from collections import Counter

from locust_asyncdjango.metrics.history import History
from locust_asyncdjango.metrics.load_curve import LoadCurve, LoadLevel, merge_levels
from locust_asyncdjango.metrics.request_names.sums import RequestSums
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series


def test_requests_count_at_the_users_of_the_second_in_which_they_began() -> None:
    curve = LoadCurve()
    curve.add(Row(0, 10, 5, ok_ms=Counter({100.0: 5})))
    # Two of these began a second earlier, and one has no latency.
    curve.add(Row(1, 20, 3, Counter(timeout=2), ok_ms=Counter({100.0: 2, 1000.0: 1}), failed_ms=Counter({1200.0: 1})))
    assert curve.levels() == (
        LoadLevel(10.0, 1, 5, 1, Counter({100.0: 5, 1000.0: 1}), kinds={"timeout": 1.0}),
        LoadLevel(15.0, 1, 3, 1, Counter({100.0: 2}), kinds={"timeout": 1.0}),
    )


def test_each_kind_of_failure_is_spread_over_the_levels_of_all_failures_alike() -> None:
    curve = LoadCurve()
    curve.add(Row(0, 10))
    curve.add(Row(1, 20, failed=Counter(timeout=3, app_error=1), failed_ms=Counter({1.0: 2, 1000.0: 2})))
    assert [level.kinds for level in curve.levels()] == [{"timeout": 1.5, "app_error": 0.5}] * 2


def test_seconds_soon_after_more_users_ran_do_not_count() -> None:
    curve = LoadCurve()
    for t, users in enumerate([50] * 5 + [20] * 15):
        curve.add(Row(t, users, 1, ok_ms=Counter({2000.0: 1})))
    # The seconds 5 to 14 do not count, nor do the requests that began in them.
    assert curve.levels() == (
        LoadLevel(20.0, 5, 5, 0, Counter({2000.0: 3})),
        LoadLevel(50.0, 5, 5, 0, Counter({2000.0: 7})),
    )


def test_a_second_without_a_row_has_the_users_of_the_one_before() -> None:
    curve = LoadCurve()
    curve.add(Row(0, 10))
    curve.add(Row(3, 20))
    assert curve.levels() == (LoadLevel(10.0, 3), LoadLevel(15.0, 1))


def test_seconds_without_users_are_no_load() -> None:
    curve = LoadCurve()
    curve.add(Row(1, 0))
    curve.add(Row(2, 6))
    curve.add(Row(3, 0))
    assert curve.levels() == (LoadLevel(3.0, 1),)


def test_many_levels_are_merged_with_their_neighbours_and_nothing_is_lost() -> None:
    curve = LoadCurve(limit=4)
    for t in range(10):
        curve.add(Row(t, t + 1, 2, Counter(timeout=1), ok_ms=Counter({1.0: 2}), failed_ms=Counter({1.0: 1})))
    levels = curve.levels()
    assert len(levels) <= 4
    assert sum(level.seconds for level in levels) == 10
    assert sum(level.users * level.seconds for level in levels) == 1 + sum(t + 0.5 for t in range(1, 10))
    assert sum(level.done for level in levels) == sum(level.ok_ms.total() for level in levels) == 20
    assert sum(level.failed for level in levels) == 10


def test_rows_that_arrive_late_count_and_a_running_history_stays_as_it_is() -> None:
    history = History()
    for t in range(30):
        history.add(Row(t, 10, 1, ok_ms=Counter({1.0: 1})))
        history.load_levels()
    history.add(Row(3, 0, 1, ok_ms=Counter({2.0: 1})))
    assert history.load_levels() == (LoadLevel(10.0, 30, 31, 0, Counter({1.0: 30, 2.0: 1})),)


def test_a_series_has_the_levels_of_all_its_rows() -> None:
    series = Series.from_rows({}, (Row(t, 5 * (t // 10 + 1), 5, ok_ms=Counter({1.0: 5})) for t in range(20)))
    assert [(level.users, level.per_s, level.failed_share) for level in series.load_levels] == [
        (5, 5, 0),
        (7.5, 5, 0),
        (10, 5, 0),
    ]


def test_the_load_of_an_open_model_is_what_it_makes_due() -> None:
    curve = LoadCurve()
    for t, due_per_s in enumerate((10.0, 20.5, 20.5, 20.5)):
        curve.add(Row(t, 500, 1, due_per_s=due_per_s, ok_ms=Counter({1.0: 1})))
    curve.add(Row(5, 500, 1))  # the seconds at the end of a run do not say what was due
    levels = curve.copy().levels()
    assert [(level.due_per_s, level.users, level.seconds, level.done) for level in levels] == [
        (10.0, 500, 1, 1),
        (20.5, 500, 5, 4),
    ]
    assert merge_levels(levels) == LoadLevel(500.0, 6, 5, 0, Counter({1.0: 4}), due_per_s=18.75)


def test_requests_by_name_count_at_the_users_when_they_began_and_survive_a_merge() -> None:
    sums = RequestSums(5, Counter(timeout=2), Counter({1.0: 2, 1200.0: 3}), Counter({1200.0: 1}))
    history = History()
    history.add(Row(0, 10))
    history.add(Row(1, 20, 5, Counter(timeout=2), ok_ms=sums.ok_ms, names={"GET /": sums}))
    low, high = history.load_levels()
    assert (low.ok_by_name, low.failed_by_name) == (Counter({"GET /": 3}), Counter({"GET /": 1}))
    assert (high.ok_by_name, high.failed_by_name) == (Counter({"GET /": 2}), Counter({"GET /": 1}))
    both = merge_levels([low, high])
    assert (both.ok_by_name, both.failed_by_name) == (Counter({"GET /": 5}), Counter({"GET /": 2}))
    assert history.load_levels() == (low, high)
