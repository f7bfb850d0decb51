"""What changed from one experiment to another: common changes, Holm's rule, and noise that is assumed."""

import math

import pytest

from locust_asyncdjango.lab.analysis.changes.change_stats import (
    Change,
    CommonChange,
    Run,
    Samples,
    estimate_changes,
)

MANY = 1e6
"""Requests enough for chance not to matter."""
SPREAD = (0.98, 1.0, 1.02)


def samples(before: float, after: float, group: str = "io_read", spread: tuple[float, ...] = SPREAD) -> Samples:
    """Return three runs around a rate, before and after."""
    return Samples(group, *(tuple(Run(rate * part, MANY) for part in spread) for rate in (before, after)))


def ratios(*arms: Samples, speed: float | None = None) -> list[float | None]:
    """Return the ratios of the arms, rounded."""
    changes, _ = estimate_changes(arms, speed)
    return [round(change.ratio, 3) if change else None for change in changes]


def test_what_all_arms_changed_by_is_taken_off() -> None:
    arms = [samples(100, 85), samples(50, 42.5), samples(10, 6.8), samples(10, 8.5)]
    changes, common = estimate_changes(arms)
    assert [round(change.ratio, 3) for change in changes if change] == [1.0, 1.0, 0.8, 1.0]
    assert [change.is_significant for change in changes if change] == [False, False, True, False]
    assert [round(change.raw_ratio, 3) for change in changes if change] == [0.85, 0.85, 0.68, 0.85]
    assert (round(common.taken_off, 3), round(common.together, 3), common.speed) == (0.85, 0.85, None)


def test_of_two_arms_the_one_that_fell_less_stands_for_the_machine() -> None:
    assert ratios(samples(100, 85), samples(100, 68)) == [1.0, 0.8]
    assert ratios(samples(100, 120), samples(100, 100)) == [1.0, 0.833]


def test_a_machine_that_was_as_fast_does_not_explain_that_all_arms_fell() -> None:
    arms = [samples(100, 60)] * 4
    changes, common = estimate_changes(arms, speed_ratio=1.0)
    assert [round(change.ratio, 2) for change in changes if change] == [0.66] * 4
    assert all(change.is_significant for change in changes if change)
    assert (round(common.taken_off, 2), round(common.together, 2), common.speed) == (0.9, 0.6, 1.0)
    assert ratios(*arms, speed=0.6) == [1.0] * 4
    assert ratios(*[samples(100, 130)] * 4, speed=1.0) == [1.176] * 4


def test_one_arm_has_only_the_speed_of_the_machine_to_compare_with() -> None:
    assert ratios(samples(100, 80)) == [0.8]
    assert ratios(samples(100, 80), speed=0.8) == [1.0]
    assert ratios(samples(100, 80), speed=1.2) == [0.8]


def test_an_arm_that_carried_nothing_has_no_change() -> None:
    nothing = Samples("io_read", (Run(100, MANY),), (Run(0, 0),))
    changes, common = estimate_changes([nothing, Samples("io_read", (), (Run(1, MANY),))])
    assert (changes, common) == ([None, None], CommonChange())
    assert ratios(nothing, samples(10, 8)) == [None, 0.8]


def test_noise_is_that_of_the_group() -> None:
    loud = samples(100, 70, "cpu", (0.7, 1.0, 1.3))
    quiet = [samples(100, 100)] * 3
    changes, _ = estimate_changes([loud, *quiet])
    assert [change.is_significant for change in changes if change] == [False] * 4
    assert changes[0] is not None
    assert changes[1] is not None
    assert changes[0].high / changes[0].low > 2
    assert changes[1].high / changes[1].low < 1.15


def test_without_repeats_noise_is_assumed_and_chance_comes_on_top() -> None:
    single = Samples("run", (Run(100, MANY),), (Run(80, MANY),))
    (change,), _ = estimate_changes([single])
    assert change is not None
    assert (change.is_assumed, change.is_significant) == (True, False)
    assert math.log(change.high / change.ratio) == pytest.approx(1.96 * 0.1 * math.sqrt(2), rel=1e-3)
    (few,), _ = estimate_changes([Samples("run", (Run(100, 10),), (Run(80, 10),))])
    assert few is not None
    assert math.log(few.high / few.ratio) == pytest.approx(1.96 * math.sqrt(0.22), rel=1e-3)


def test_many_arms_share_the_error_by_the_rule_of_holm() -> None:
    unchanged = [samples(100, 100)] * 19
    (first, second, *others), _ = estimate_changes([samples(100, 50), samples(100, 90), *unchanged])
    assert first is not None
    assert second is not None
    assert first.is_significant
    assert second.is_significant
    # The clearest change shares the error with 20 others, the next one with 19.
    assert width(first) > width(second) > max(width(each) for each in others if each)
    assert not any(each.is_significant for each in others if each)


def width(change: Change) -> float:
    """Return the ratio of the ends of an interval."""
    return change.high / change.low
