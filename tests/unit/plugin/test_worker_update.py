"""What a worker may send, and what its master refuses."""

import logging
from collections import Counter
from typing import Any

import pytest
from locust.rpc import Message

from locust_asyncdjango.failures.counts import FailureRow, FailureSample, FailureUpdate
from locust_asyncdjango.metrics.request_names.sums import NAMES_LIMIT, RequestSums
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.plugin.worker_update import KINDS_LIMIT, Update, UpdateReader

ROW = FailureRow("app_error", "", "m", 1, 0, 0, "server", "a")
SAMPLE = FailureSample("app_error", "m", 0, "n", "u", 500, "e", "b")
UPDATE = Update(
    (
        Row(
            0,
            1,
            1,
            Counter(app_error=1),
            5,
            Counter({12.5: 1}),
            Counter({7.0: 1}),
            Counter({0: 2}),
            cpu=1.5,
            names={"GET /": RequestSums(1, Counter(app_error=1), Counter({12.5: 1}), Counter({7.0: 1}))},
        ),
    ),
    FailureUpdate((ROW,), (SAMPLE,)),
    unrecorded=2,
    started=1_000_000,
    until=1_000_001.3,
    sent=1_000_001.4,
)
MESSAGE = UPDATE.to_message()
BAD_VALUES: list[Any] = [
    None,
    True,
    -1,
    1.5,
    "x",
    10**16,
    10**400,
    float("nan"),
    float("inf"),
    [],
    {},
    [[]],
    b"\xff",
    {"a": 1},
]


def with_row(**changes: Any) -> dict[str, Any]:
    return {**MESSAGE, "rows": [{**MESSAGE["rows"][0], **changes}]}


def with_failure(**changes: Any) -> dict[str, Any]:
    return {**MESSAGE, "failures": {"rows": [{**MESSAGE["failures"]["rows"][0], **changes}]}}


def with_sample(**changes: Any) -> dict[str, Any]:
    return {**MESSAGE, "failures": {"samples": [{**MESSAGE["failures"]["samples"][0], **changes}]}}


def is_same_kind(good: Any, bad: Any) -> bool:
    """Return whether a bad value could stand in place of a good one."""
    if good is None or isinstance(bad, bool):
        return bad is good
    if isinstance(good, float):
        return isinstance(bad, int | float) and 0 <= bad <= 10**15
    return type(good) is type(bad) and (not isinstance(good, int) or 0 <= bad <= 10**15)


def test_an_update_arrives_as_it_was_sent() -> None:
    sent = Message.unserialize(Message("rows", MESSAGE, "a").serialize())
    assert UpdateReader().read("a", sent.data) == UPDATE


def test_the_texts_of_an_update_are_safe() -> None:
    update = UpdateReader().read("a", with_failure(message="\x1bc\x1b[2J password=hunter2"))
    assert update is not None
    assert update.failures.rows[0].message == r"\x1bc\x1b[2J password=***"


def test_the_names_of_requests_are_safe_and_there_are_not_too_many() -> None:
    update = UpdateReader().read("a", with_row(names={"GET /?token=abc": {"ok": 1}, "GET /?token=d": {"ok": 0}}))
    assert update is not None
    assert update.rows[0].names == {"GET /?token=***": RequestSums(1)}
    for names in (
        {"GET /\x1b[31m": {"ok": 1}},
        {"GET /": {"ok": 1, "ok_ms": {"1": 9}}},
        {f"GET /{n}": {"ok": 0} for n in range(NAMES_LIMIT + 2)},
        {"GET /": {"ok": 1, "failed": {"another_kind": 1}}},
    ):
        assert UpdateReader().read("a", with_row(names=names)) is None


@pytest.mark.parametrize("content", [*BAD_VALUES, {**MESSAGE, "more": 1}, {"rows": []}], ids=repr)
def test_what_is_no_update_is_refused(content: Any) -> None:
    assert UpdateReader().read("a", content) is None


@pytest.mark.parametrize("make", [with_row, with_failure, with_sample, lambda **changes: {**MESSAGE, **changes}])
def test_each_member_has_to_be_of_its_type(make: Any) -> None:
    members = {with_row: MESSAGE["rows"][0], with_failure: MESSAGE["failures"]["rows"][0]}.get(make, MESSAGE)
    members = MESSAGE["failures"]["samples"][0] if make is with_sample else members
    tried = [(name, bad) for name, good in members.items() for bad in BAD_VALUES if not is_same_kind(good, bad)]
    accepted = [(name, bad) for name, bad in tried if UpdateReader().read("a", make(**{name: bad}))]
    assert len(tried) > 50
    assert accepted == [each for each in accepted if each in (("until", None), ("failures", {}))]


@pytest.mark.parametrize(
    "content",
    [
        with_row(failed={f"kind{n}": 1 for n in range(50_000)}),
        with_row(failed={"<script>alert(1)</script>": 1}),
        with_row(ok=10**6, ok_ms={f"{1 + n % 1000 / 1000}e-{n // 1000}": 1 for n in range(60_000)}),
        with_row(ok=5, ok_ms={"12.5": 6}),
        with_row(t=10**9),
        *(with_row(**{name: 10**14}) for name in ("users", "ok", "bytes", "planned", "late", "missed", "in_flight")),
        with_row(failed={"app_error": 10**14}),
        with_failure(count=10**14),
        {**MESSAGE, "unrecorded": 10**14},
        *({**MESSAGE, name: 10**14} for name in ("started", "until", "sent")),
        {**MESSAGE, "rows": [MESSAGE["rows"][0]] * 100_001},
        {**MESSAGE, "failures": {"rows": [MESSAGE["failures"]["rows"][0]] * 1001}},
        with_failure(message="x" * 1_000_000),
        with_failure(kind="x" * 1000),
        with_sample(body="x" * 5_000_000),
    ],
)
def test_more_than_a_worker_can_record_is_refused(content: Any) -> None:
    assert UpdateReader().read("a", content) is None


def test_each_worker_names_a_limited_number_of_kinds(caplog: pytest.LogCaptureFixture) -> None:
    reader = UpdateReader()
    updates = [reader.read("a", with_failure(kind=f"kind{n}")) for n in range(KINDS_LIMIT + 50)]
    assert sum(update is None for update in updates) == 51  # each names app_error too, in its row
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    assert "201 failure kinds, more than 200" in caplog.text
    assert reader.read("b", MESSAGE) == UPDATE
    assert reader.read("b", None) is None
    assert len(caplog.records) == 2
