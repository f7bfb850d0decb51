"""What changed for the requests with each name."""

from collections import Counter
from math import exp, log, sqrt

import pytest

from locust_asyncdjango.lab.analysis.changes.name_changes import Metric, find_name_changes
from locust_asyncdjango.lab.analysis.request_mix.mixes import RunRequests
from locust_asyncdjango.metrics.request_names.sums import RequestSums
from locust_asyncdjango.metrics.statistics import student_t

MANY = 100_000
"""Requests enough for chance not to matter."""


def runs(*figures: tuple[float, float], name: str = "GET /", count: int = MANY) -> list[RunRequests]:
    """Return runs with this p95 in milliseconds and this share of failures of the requests with one name."""
    return [
        RunRequests(
            repeat,
            {name: RequestSums(ok, Counter({"timeout": count - ok} if ok < count else {}), Counter({p95: ok}))},
            60,
        )
        for repeat, (p95, failed) in enumerate(figures, 1)
        for ok in [round(count * (1 - failed))]
    ]


def changed(before: list[RunRequests], after: list[RunRequests]) -> dict[Metric, bool]:
    """Return whether the p95 and the failures of the one name differ."""
    return {change.metric: change.is_different for change in find_name_changes([("arm", before, after)])}


def test_a_change_in_repeated_runs_has_an_interval() -> None:
    before, after = runs((100.0, 0.0), (110.0, 0.0)), runs((200.0, 0.0), (220.0, 0.0))
    (p95,) = find_name_changes([("arm", before, after)])  # nothing failed, so that failures cannot differ
    margin = student_t(2, 0.05) * log(1.1) / sqrt(2)
    figures = [p95.before, p95.after, p95.low, p95.high]
    assert figures == pytest.approx([sqrt(100 * 110), sqrt(200 * 220), 2 * exp(-margin), 2 * exp(margin)])
    assert (p95.arm, p95.name, p95.metric, p95.is_different) == ("arm", "GET /", Metric.P95, True)


def test_what_may_be_the_noise_of_repeated_runs_is_no_change() -> None:
    assert changed(runs((100.0, 0.0), (200.0, 0.02)), runs((200.0, 0.02), (400.0, 0.04))) == {
        Metric.P95: False,
        Metric.FAILURES: False,
    }


def test_single_runs_differ_only_by_much_and_by_more_than_chance() -> None:
    assert changed(runs((100.0, 0.0)), runs((149.0, 0.009))) == {Metric.P95: False, Metric.FAILURES: False}
    assert changed(runs((100.0, 0.0)), runs((151.0, 0.011))) == {Metric.P95: True, Metric.FAILURES: True}
    assert changed(runs((100.0, 0.0), count=70), runs((151.0, 0.034), count=70)) == {
        Metric.P95: False,
        Metric.FAILURES: False,
    }
    (change, *_) = find_name_changes([("arm", runs((300.0, 0.0)), runs((100.0, 0.0)))])
    assert (change.is_repeated, change.low, change.high) == (False, None, None)
    assert change.change == pytest.approx(1 / 3)


def test_names_of_few_requests_or_of_one_side_only_are_left_out() -> None:
    assert find_name_changes([("arm", runs((100.0, 0.0), count=59), runs((900.0, 0.5)))]) == ()
    assert find_name_changes([("arm", runs((100.0, 0.0), name="GET /a"), runs((900.0, 0.0)))]) == ()
    assert find_name_changes([("arm", [], [])]) == ()
    assert changed(runs((100.0, 1.0)), runs((100.0, 1.0))) == {Metric.FAILURES: False}


def test_all_names_share_the_error() -> None:
    """Of many names, the noisy change of one is no longer certain, and the changes come before the others."""
    arm = ("arm", runs((100.0, 0.0), (105.0, 0.0)), runs((170.0, 0.0), (160.0, 0.0)))
    (alone,) = find_name_changes([arm])
    assert alone.is_different
    unchanged = [(f"arm {n}", runs((100.0, 0.0), (120.0, 0.0)), runs((110.0, 0.0), (100.0, 0.0))) for n in range(20)]
    assert not any(change.is_different for change in find_name_changes([*unchanged, arm]))
    clear = ("clear", runs((100.0, 0.0), (101.0, 0.0)), runs((900.0, 0.0), (910.0, 0.0)))
    first, *others = find_name_changes([*unchanged, clear])
    assert (first.arm, first.is_different) == ("clear", True)
    assert not any(change.is_different for change in others)


def side(first: float, *others: float) -> list[RunRequests]:
    """Return two runs with a name for each p95; the second run is 5 % slower."""
    figures = [first, *others]
    return [
        RunRequests(
            repeat,
            {f"GET /{n}": RequestSums(1000, ok_ms=Counter({p95 * part: 1000})) for n, p95 in enumerate(figures)},
            60,
        )
        for repeat, part in ((1, 1.0), (2, 1.05))
    ]


def test_the_names_of_an_arm_show_the_noise_together() -> None:
    """A change that the four runs of one name do not prove: all names together know the noise better."""
    before, after = side(100.0, *[100.0] * 5), side(170.0, *[100.0] * 5)
    assert [each.name for each in find_name_changes([("arm", before, after)]) if each.is_different] == ["GET /0"]
    many = [(f"arm {n}", side(100.0), side(100.0)) for n in range(5)]
    assert not any(each.is_different for each in find_name_changes([("arm", side(100.0), side(170.0)), *many]))


def test_few_repeats_do_not_overflow() -> None:
    many = [(f"arm {n}", runs((1.0, 0.0), (90_000.0, 0.0)), runs((1.0, 0.0))) for n in range(200)]
    assert not any(change.is_different for change in find_name_changes(many))
