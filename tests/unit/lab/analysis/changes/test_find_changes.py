"""What changed between two results folders, and whether an arm is worse."""

from dataclasses import replace

import pytest

from locust_asyncdjango.analysis.saturation import Capacity, Goodput
from locust_asyncdjango.lab.analysis.changes.arm_change import CAPACITY, GOODPUT, PEAK, ArmChange
from locust_asyncdjango.lab.analysis.changes.change_stats import Change
from locust_asyncdjango.lab.analysis.changes.find_changes import find_changes
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.result import PeakUsage, Result
from tests.support.experiments import peak_only, runs_of_servers, unloaded


def only_change(before: tuple[float, ...], after: tuple[float, ...]) -> ArmChange:
    """Return the change of the one arm of two experiments with these peaks."""
    (change,) = find_changes(runs_of_servers(before), runs_of_servers(after), ({}, {})).arms
    return change


@pytest.mark.parametrize(
    ("before", "after", "is_worse"),
    [
        pytest.param((100.0, 102.0, 98.0), (80.0, 82.0, 78.0), True, id="less, beyond noise"),
        pytest.param((100.0,), (95.0,), False, id="tolerated"),
        pytest.param((100.0,), (80.0,), False, id="one run each: noise of a tenth is assumed"),
        pytest.param((100.0,), (60.0,), True, id="one run each: more than such noise"),
        pytest.param((100.0,), (120.0,), False, id="more"),
        pytest.param((100.0,), (0.0,), True, id="nothing any more"),
        pytest.param((1.0,), (0.8,), False, id="few requests of single runs"),
    ],
)
def test_an_arm_is_worse(before: tuple[float, ...], after: tuple[float, ...], is_worse: bool) -> None:
    assert only_change(before, after).is_worse(0.1) == is_worse


def test_what_may_be_noise_is_not_worse() -> None:
    change = only_change((100.0, 60.0), (65.0, 72.0))
    assert change.change is not None
    assert change.change.ratio < 0.9
    assert not change.is_worse(0.1)
    assert change.is_equal


def test_settings_and_missing_arms_are_named() -> None:
    before, after = runs_of_servers((100.0,), (200.0,)), runs_of_servers((100.0,))
    changes = find_changes(before, replace(after, experiment=replace(after.experiment, a_a_pairs=3)), ({}, {}))
    assert changes.setup == (
        "servers was gunicorn-sync, gunicorn-uvicorn, and is gunicorn-sync",
        "a_a_pairs was 0, and is 3",
    )
    assert changes.missing == ("only in the first folder: io_read: gunicorn-uvicorn",)
    assert find_changes(after, before, ({}, {})).missing == ("only in the second folder: io_read: gunicorn-uvicorn",)


def test_users_that_pilots_chose_are_compared_by_subject() -> None:
    before = runs_of_servers((100.0,))
    wanted = [replace(before.experiment, ramp_users=(("io_read", users),)) for users in (120, 140)]
    first, second = (replace(before, experiment=each) for each in wanted)
    assert find_changes(first, second, ({}, {})).setup == ("users (io_read) was 120, and is 140",)
    assert find_changes(before, first, ({}, {})).setup == ("users (io_read) was unknown, and is 120",)


def test_the_parts_of_a_load_and_versions_are_compared_one_by_one() -> None:
    before = runs_of_servers((100.0,))
    wanted = replace(before.experiment, load=replace(before.experiment.load, users="7"))
    after = replace(before, experiment=wanted)
    (result,) = before.results
    before, after = (
        replace(each, results=(replace(result, site={"versions": {"django": django}}),))
        for each, django in ((before, "5.2"), (after, "6.0"))
    )
    provenances = (
        {"versions": {"locust": "2.47", "django": "3"}},
        {"versions": {"locust": "2.48", "django": "4", "python": "3.13"}},
    )
    assert find_changes(before, after, provenances).setup == (
        "users was none, and is 7",
        "the site's django was 5.2, and is 6.0",
        "locust was 2.47, and is 2.48",
        "python was unknown, and is 3.13",
    )


def test_an_arm_that_is_no_longer_measured_is_worse() -> None:
    before, after = runs_of_servers((100.0,), (200.0,)), runs_of_servers((100.0,), (200.0,))
    first, second = after.results
    broken: tuple[Result, ...] = (first, replace(second, figures=None, error="it did not start"))
    changes = find_changes(before, replace(after, results=broken), ({}, {}))
    assert [change.is_worse(0.1) for change in changes.arms] == [False, True]
    assert replace(changes.arms[1], before=200.0) == ArmChange("io_read: gunicorn-uvicorn", 200.0, None, None)
    assert changes.arms[1].before == pytest.approx(200.0)
    assert changes.arms[1].is_gone
    changes = find_changes(replace(before, results=broken), after, ({}, {}))
    assert [change.is_worse(0.1) for change in changes.arms] == [False, False]


def test_nothing_follows_from_an_invalid_result() -> None:
    before, after = runs_of_servers((100.0,)), runs_of_servers((2.0,))
    (result,) = before.results
    invalid = replace(before, results=(replace(result, baseline=unloaded(501.0)),))
    for each, which in (
        (find_changes(invalid, after, ({}, {})), "first"),
        (find_changes(after, invalid, ({}, {})), "second"),
    ):
        (change,) = each.arms
        assert not change.is_worse(0.1)
        assert not change.is_equal
        assert change.invalid_reason.startswith(
            f"its result in the {which} folder is a measurement error: 100.0 req/s is above its ceiling of 2.1 req/s"
        )


def test_arms_are_compared_by_goodput_and_by_capacity_where_both_have_it() -> None:
    before, after = runs_of_servers((100.0, 102.0)), runs_of_servers((100.0, 102.0))
    known = [with_plateau(findings, per_s, users) for findings, per_s, users in ((before, 50.0, 80), (after, 49.0, 40))]
    changes = find_changes(known[0], known[1], ({}, {}))
    (arm,), (capacity,) = changes.arms, changes.capacities
    assert (arm.measure, arm.unit, round(arm.before or 0), round(arm.after or 0)) == (GOODPUT, "req/s", 50, 49)
    assert (capacity.measure, capacity.unit) == (CAPACITY, "users")
    assert [capacity.before, capacity.after] == pytest.approx([80.0, 40.0])
    assert (arm.is_worse(0.1), capacity.is_worse(0.1), changes.is_worse(0.1)) == (False, True, True)
    earlier = replace(after, results=tuple(map(peak_only, after.results)))
    changes = find_changes(known[0], earlier, ({}, {}))
    assert (changes.arms[0].measure, changes.capacities) == (PEAK, ())


def with_plateau(findings: Findings, per_s: float, users: int) -> Findings:
    """Return findings whose runs have this goodput and this capacity."""
    goodput = Goodput(per_s, None, None, 10, 70, 100, 0.0, 10.0, 20.0, 30.0)
    capacity = Capacity("p95 <= 1s", users, users - 2, users + 2, per_s, "p95 1.4 s")
    results = (
        replace(each, figures=replace(each.figures, goodput=goodput, capacity=capacity))
        for each in findings.results
        if each.figures
    )
    return replace(findings, results=tuple(results))


def test_the_speed_of_the_processors_limits_what_is_taken_off() -> None:
    before, after = runs_of_servers((100.0, 101.0), (200.0, 202.0)), runs_of_servers((60.0, 60.5), (120.0, 121.0))
    assert not find_changes(before, after, ({}, {})).is_worse(0.1)
    known = [with_speed(findings, 2.0) for findings in (before, after)]
    changes = find_changes(known[0], known[1], ({}, {}))
    assert changes.common.speed == 1.0
    assert [change.is_worse(0.1) for change in changes.arms] == [True, True]


def with_speed(findings: Findings, speed: float) -> Findings:
    """Return findings whose processors ran so fast."""
    usage = PeakUsage(1.0, 1, 1, 0, 1.0, speed=speed)
    return replace(findings, results=tuple(replace(each, peak_usage=usage) for each in findings.results))


def test_an_arm_that_kept_its_figure_on_a_faster_machine_has_lost_nothing() -> None:
    faster = Change(raw_ratio=1.0, ratio=0.8, low=0.75, high=0.85, is_assumed=False)
    assert not ArmChange("x", 1.0, 1.0, faster).is_worse(0.1)
    assert ArmChange("x", 1.0, 0.9, replace(faster, raw_ratio=0.9)).is_worse(0.1)


def test_equal_arms_have_an_interval_around_1() -> None:
    assert ArmChange("x", 1.0, 1.0, Change(1.0, 1.0, 0.9, 1.1, is_assumed=False)).is_equal
    assert not ArmChange("x", 1.0, 1.0, None).is_equal
    assert not ArmChange("x", 1.0, 1.0, Change(1.0, 1.0, 0.9, 1.1, is_assumed=False), PEAK, "invalid").is_equal
