"""Failures counted: exact over any number of workers, and bounded."""

import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.failures.classify import classify
from locust_asyncdjango.failures.counts import (
    FAILURES_FORMAT,
    FAILURES_VERSION,
    MESSAGES_LIMIT,
    OTHER,
    SAMPLES_LIMIT,
    TEXT_LIMIT,
    FailureCounts,
    FailureRow,
    FailureSample,
    FailureUpdate,
    failures_document,
    read_failures_document,
)
from locust_asyncdjango.failures.model import Failure

STARTED = 1_000_000


def failure(message: str, kind: str = "app_error", where: str = "") -> Failure:
    return Failure(kind, "server", message, "look", where)


def sample(kind: str = "app_error", **fields: Any) -> FailureSample:
    return FailureSample.redacted(
        **{
            "kind": kind,
            "message": "a",
            "t": 1,
            "name": "/",
            "url": "/",
            "status": 500,
            "exception": "",
            "body": b"",
            **fields,
        }
    )


def test_rows_by_kind_place_and_message() -> None:
    counts = FailureCounts(STARTED + 0.5)
    for when, failed in (
        (0.9, failure("a")),
        (3.1, failure("b")),
        (5.0, failure("a")),
        (7.0, failure("a", "db_too_many_clients", "role")),
    ):
        counts.add(failed, STARTED + when)
    assert counts.rows() == [
        FailureRow("app_error", "", "a", 2, 0, 5, "server", "look"),
        FailureRow("app_error", "", "b", 1, 3, 3, "server", "look"),
        FailureRow("db_too_many_clients", "role", "a", 1, 7, 7, "server", "look"),
    ]


def test_beyond_the_limit_there_is_one_more_row_a_kind() -> None:
    counts = FailureCounts(STARTED)
    for n in range(MESSAGES_LIMIT + 50):
        counts.add(failure(f"message {n}"), STARTED)
        counts.add(failure("always the same", "timeout"), STARTED)
    rows = {(row.kind, row.message): row.count for row in counts.rows()}
    assert len(rows) == MESSAGES_LIMIT + 1
    assert rows["timeout", "always the same"] == MESSAGES_LIMIT + 50
    assert rows["app_error", OTHER] == 51
    assert sum(rows.values()) == 2 * (MESSAGES_LIMIT + 50)


Added = tuple[int, int, str]  # worker, second, message


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.sampled_from("abcd")), max_size=60),
    st.integers(0, 5),
)
def test_the_updates_of_workers_add_up_to_what_one_process_would_have_counted(
    added: list[Added], lost_after: int
) -> None:
    """Workers start at different seconds, hand out each second, and the last of them is lost midway."""
    single, master = FailureCounts(STARTED), FailureCounts(STARTED)
    workers = [FailureCounts(STARTED - worker) for worker in range(4)]
    for second in range(6):
        for worker, when, message in added:
            if when == second and not (worker == 3 and second > lost_after):
                workers[worker].add(failure(message), STARTED + when)
                single.add(failure(message), STARTED + when)
        for counts in workers:
            master.merge(counts.take(), counts.started)
            assert counts.take() == FailureUpdate()
    assert sorted(map(str, master.rows())) == sorted(map(str, single.rows()))


def test_the_first_samples_of_each_kind_are_kept_wherever_they_happened() -> None:
    master, worker = FailureCounts(STARTED), FailureCounts(STARTED + 10)
    for n in range(SAMPLES_LIMIT + 2):
        worker.add(failure("a"), STARTED + 10)
        worker.keep(sample(t=n, body=b"body %d" % n))
    assert not worker.wants_sample("app_error")
    master.merge(worker.take(), worker.started)
    assert [(kept.t, kept.body) for kept in master.samples("app_error")] == [
        (n + 10, f"body {n}") for n in range(SAMPLES_LIMIT)
    ]
    assert worker.take() == FailureUpdate()
    assert master.samples("timeout") == []


def test_a_sample_is_cut_and_has_no_secrets() -> None:
    kept = sample(
        url="http://me:secret1@127.0.0.1/?token=secret2",
        exception="password=secret3 " + "x" * 9000,
        body=b'{"password": "secret4"}' + b"\xff" * 90_000,
    )
    assert "secret" not in repr(kept)
    assert (len(kept.exception), len(kept.body)) == (TEXT_LIMIT, TEXT_LIMIT)


def test_what_happened_before_a_run_by_another_clock_counts_as_of_its_first_second() -> None:
    master, worker = FailureCounts(STARTED), FailureCounts(STARTED - 10)
    worker.add(failure("a"), STARTED - 20)
    worker.add(failure("a"), STARTED + 3)
    worker.keep(sample(t=4))
    master.merge(worker.take(), worker.started)
    (row,) = master.rows()
    assert (row.first_t, row.last_t, row.count) == (0, 3, 2)
    assert [kept.t for kept in master.samples("app_error")] == [0]


def test_a_day_of_nothing_but_different_errors_takes_no_more_memory_than_its_first_hours() -> None:
    counts = FailureCounts(STARTED)

    def hour(number: int) -> int:
        for n in range(250):
            result = classify(
                status=500, body=f"error {'abcdefghij'[n % 10] * (1 + n % 97)} of {chr(97 + number)}".encode()
            )
            assert result is not None
            counts.add(result, STARTED + number * 3600 + n)
            if counts.wants_sample(result.kind):
                counts.keep(sample(body=b"x" * 5000))
        counts.take()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        kept = [hour(number) for number in range(24)]
    finally:
        tracemalloc.stop()
    assert max(kept[4:]) < max(kept[:4]) + 100_000
    assert sum(row.count for row in counts.rows()) == 6000


HEADER = {"started": "2026-01-01T00:00:00+00:00"}


def test_the_failures_file_has_users_advice_and_samples() -> None:
    counts = FailureCounts(0)
    counts.add(Failure("quota_spent", "upstream", "HTTP 403", "buy more"), 1.5)
    sample = FailureSample("quota_spent", "HTTP 403", 1, "GET /", "http://127.0.0.1/", 403, "", "no more")
    counts.keep(sample)
    findings = ("carries 39 users",)
    end: dict[str, Any] = {"in_flight": 2, "in_flight_s": 1.5, "interrupted_by": "SIGTERM"}
    document = failures_document(HEADER, counts, lambda t: 10 * t, 3, findings, **end, locust_ms=(10, 20, 30))
    assert document == {
        "run": HEADER,
        **end,
        "unrecorded": 3,
        "refused_updates": 0,
        "shape_findings": ["carries 39 users"],
        "locust_ms": [10, 20, 30],
        "failures": [
            {
                "kind": "quota_spent",
                "where": "",
                "message": "HTTP 403",
                "count": 1,
                "first_t": 1,
                "last_t": 1,
                "first_users": 10,
                "origin": "upstream",
                "advice": "buy more",
            }
        ],
        "samples": [
            {
                "kind": "quota_spent",
                "message": "HTTP 403",
                "t": 1,
                "name": "GET /",
                "url": "http://127.0.0.1/",
                "status": 403,
                "exception": "",
                "body": "no more",
            }
        ],
    }


def test_a_failures_file_of_the_version_before_is_read() -> None:
    rest = {"run": HEADER, "unrecorded": 3, "failures": [], "samples": []}
    file = {"format": FAILURES_FORMAT, "version": FAILURES_VERSION, "shape_findings": ["carries 39 users"], **rest}
    assert read_failures_document(file) == file
    before = {"format": FAILURES_FORMAT, "version": 1, "found": ["carries 39 users"], **rest}
    assert read_failures_document(before) == file


@pytest.mark.parametrize("named", [{"format": "another", "version": 1}, {"format": FAILURES_FORMAT, "version": 3}])
def test_another_format_or_a_later_version_is_refused(named: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="not locust-asyncdjango failures of version 2 or before"):
        read_failures_document({**named, "failures": [], "samples": []})
