"""A second of a run: requests added, rows merged, JSON and back."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given

from locust_asyncdjango.metrics.request_names.sums import RequestSums
from locust_asyncdjango.metrics.row import COLUMNS, Row, Sample
from tests.support.series import SAMPLES, recorder_of

FULL = Row(
    7,
    40,
    3,
    Counter(timeout=2),
    500,
    Counter({12.5: 3}),
    Counter({2000.0: 2}),
    Counter({0: 3, 2: 2}),
    cpu=12.5,
    lag_ms=3.5,
    planned=50,
    late=1,
    missed=4,
    clock_s=1.5,
    lost_workers=1,
    in_flight=5,
    in_flight_s=1.15,
    due_per_s=99.5,
    cut_off_ms=Counter({1500.0: 9}),
    names={
        "GET /": RequestSums(2, Counter(timeout=2), Counter({12.5: 2}), Counter({2000.0: 2})),
        "POST /": RequestSums(1, ok_ms=Counter({12.5: 1})),
    },
)


def test_requests_are_added_with_when_they_began() -> None:
    row = Row(2)
    samples: list[Sample] = [
        (1002.5, "", 250.0, 10, "GET /"),
        (1002.75, "timeout", 2000.0, 0, "GET /"),
        (1002.25, "", None, 5, "POST /"),
    ]
    row.add(samples, started=1000)
    assert row == Row(
        2,
        0,
        2,
        Counter(timeout=1),
        15,
        Counter({250.0: 1}),
        Counter({2000.0: 1}),
        Counter({0: 2, 2: 1}),
        names={
            "GET /": RequestSums(1, Counter(timeout=1), Counter({250.0: 1}), Counter({2000.0: 1})),
            "POST /": RequestSums(1),
        },
    )


def test_a_request_without_a_time_is_counted_and_has_no_latency() -> None:
    (row,) = recorder_of((1000.2, "", None, 5, "GET /"), (1000.4, "", 10.0, 5, "GET /")).take()
    assert (row.ok, row.ok_ms, row.began) == (2, Counter({10.0: 1}), Counter({0: 2}))


def test_every_column_is_merged() -> None:
    row = Row(7)
    row.merge(FULL)
    row.merge(FULL)
    assert row == Row(
        7,
        80,
        6,
        Counter(timeout=4),
        1000,
        Counter({12.5: 6}),
        Counter({2000.0: 4}),
        Counter({0: 6, 2: 4}),
        cpu=12.5,
        lag_ms=3.5,
        planned=50,
        late=2,
        missed=8,
        clock_s=1.5,
        lost_workers=1,
        in_flight=10,
        in_flight_s=1.15,
        due_per_s=99.5,
        cut_off_ms=Counter({1500.0: 18}),
        names={
            "GET /": RequestSums(4, Counter(timeout=4), Counter({12.5: 4}), Counter({2000.0: 4})),
            "POST /": RequestSums(2, ok_ms=Counter({12.5: 2})),
        },
    )


def test_merging_leaves_the_other_row_as_it_is() -> None:
    other = Row.from_json(FULL.to_json())
    Row(7, failed=Counter(timeout=1)).merge(other)
    assert other == FULL


def test_a_row_as_json() -> None:
    assert FULL.to_json() == {
        "t": 7,
        "users": 40,
        "ok": 3,
        "failed": {"timeout": 2},
        "bytes": 500,
        "ok_ms": {"12.5": 3},
        "failed_ms": {"2000": 2},
        "began": {"0": 3, "2": 2},
        "cpu": 12.5,
        "lag_ms": 3.5,
        "planned": 50,
        "late": 1,
        "missed": 4,
        "clock_s": 1.5,
        "lost_workers": 1,
        "in_flight": 5,
        "in_flight_s": 1.15,
        "due_per_s": 99.5,
        "cut_off_ms": {"1500": 9},
        "names": {
            "GET /": {"ok": 2, "failed": {"timeout": 2}, "rest": True},
            "POST /": {"ok": 1, "ok_ms": {"12.5": 1}},
        },
    }
    assert list(FULL.to_json()) == [column.name for column in COLUMNS]
    assert list(Row(0).to_json()) == [column.name for column in COLUMNS if not column.optional]


@given(SAMPLES)
def test_a_row_is_read_as_it_was_written(samples: list[Sample]) -> None:
    rows = [*recorder_of(*samples).take(), FULL]
    assert [Row.from_json(json.loads(json.dumps(row.to_json()))) for row in rows] == rows


def test_a_row_without_names_is_read_and_merged_with_one_that_has_some() -> None:
    old = {name: value for name, value in FULL.to_json().items() if name != "names"}
    row = Row.from_json(old)
    assert row.names == {}
    row.merge(FULL)
    assert row.names == FULL.names
    assert Row.from_json(row.to_json()) == row  # where not all requests have a name, each name has its latencies


def test_the_names_of_a_row_do_not_make_it_twice_as_long() -> None:
    samples = [(1000.5, "", ms / 7, 10, f"GET /{ms % 5}/") for ms in range(1, 500)]
    (row,) = recorder_of(*samples).take()
    assert len(json.dumps(row.to_json())) < 1.9 * len(json.dumps({**row.to_json(), "names": {}}))
    (single,) = recorder_of(*((*sample[:4], "GET /") for sample in samples)).take()
    assert single.to_json()["names"] == {"GET /": {"ok": 499, "rest": True}}
    assert Row.from_json(single.to_json()) == single


def test_what_is_not_known_of_the_generator_is_left_out() -> None:
    assert {"cpu", "lag_ms"}.isdisjoint(Row(0).to_json())
    merged = Row(0)
    merged.merge(Row(0, cpu=3.0))
    merged.merge(Row(0, cpu=2.0, lag_ms=1.0))
    assert merged == Row(0, cpu=3.0, lag_ms=1.0)


def test_a_plan_of_no_users_is_not_the_same_as_no_plan() -> None:
    paused = Row(0, planned=0)
    assert Row.from_json(paused.to_json()) == paused
    assert "planned" not in Row(0).to_json()
    merged = Row(0)
    merged.merge(paused)
    assert merged.planned == 0
    merged.merge(Row(0))
    assert merged.planned == 0


@pytest.mark.parametrize(
    "change",
    [
        {"t": -5},
        {"t": 10**9},
        {"t": float("inf")},
        {"users": float("nan")},
        {"users": "many"},
        {"ok": -1},
        {"ok": 10**400},
        {"failed": "timeout"},
        {"failed": {"timeout": "b"}},
        {"ok_ms": {"1e400": 3}},
        {"ok_ms": {"-1": 3}},
        {"began": {"x": 1}},
        {"cpu": float("nan")},
        {"cpu": "0"},
        {"planned": -1},
        {"in_flight_s": float("inf")},
        {"t": True},
        {"failed": {"<b>": 1}},
        {"failed": {"": 1}},
        {"ok_ms": {"12.5": 4}},
        {"failed_ms": {"12.5": 3}},
        {"began": {"0": 6}},
        {"began": {"10000001": 1}},
        {"cut_off_ms": {"1500": 10}},
        {"names": {"GET /": {"ok": 4}}},
        {"names": {"GET /": {"ok": 1, "failed": {"app_error": 1}}}},
        {"names": {"GET /": {"ok": 1, "ok_ms": {"12.5": 2}}}},
        {"names": {"GET /": {"ok": 2, "ok_ms": {"13": 2}}, "POST /": {"ok": 1, "rest": True}}},
        {"names": {"GET /": {"ok": 1, "rest": True}, "POST /": {"ok": 1, "rest": True}}},
        {"names": {"GET /\x1b[31m": {"ok": 1}}},
        {"names": {"": {"ok": 1}}},
        {"names": {"GET /": {}}},
        {"names": {"GET /" + 300 * "x": {"ok": 1}}},
        {"names": {f"GET /{n}": {"ok": 0} for n in range(202)}},
    ],
    ids=str,
)
def test_a_damaged_row_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Row.from_json({**FULL.to_json(), **change})


@pytest.mark.parametrize("name", [column.name for column in COLUMNS if not column.optional])
def test_a_row_without_one_of_its_members_is_refused(name: str) -> None:
    content = FULL.to_json()
    del content[name]
    with pytest.raises(ValueError, match=f"a row lacks {name}"):
        Row.from_json(content)
