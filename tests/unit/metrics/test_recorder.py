"""Samples -> rows, alone and over workers."""

from collections import Counter
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st
from locust.rpc.protocol import Message

from locust_asyncdjango.metrics.history import History
from locust_asyncdjango.metrics.recorder import BATCH, Recorder
from locust_asyncdjango.metrics.request_names.sums import NAMES_LIMIT, OTHER, RequestSums
from locust_asyncdjango.metrics.row import Row
from tests.support.series import KINDS, recorder_of


def test_a_row_has_what_ended_in_its_second_and_when_that_began() -> None:
    recorder = recorder_of(
        (1000.2, "", 12.5, 100, "GET /"),
        (1000.9, "", 12.5, 100, "GET /"),
        (1002.9, "timeout", 2000.0, 0, "GET /"),
        (1002.0, "", 0.5, 10, "GET /posts/"),
    )
    assert recorder.take() == [
        Row(
            0,
            0,
            2,
            Counter(),
            200,
            Counter({12.5: 2}),
            Counter(),
            Counter({0: 2}),
            names={"GET /": RequestSums(2, ok_ms=Counter({12.5: 2}))},
        ),
        Row(
            2,
            0,
            1,
            Counter(timeout=1),
            10,
            Counter({0.5: 1}),
            Counter({2000.0: 1}),
            Counter({1: 1, 2: 1}),
            names={
                "GET /": RequestSums(0, Counter(timeout=1), failed_ms=Counter({2000.0: 1})),
                "GET /posts/": RequestSums(1, ok_ms=Counter({0.5: 1})),
            },
        ),
    ]


def test_users_are_those_at_the_end_of_a_second_and_stay_until_the_next_reading() -> None:
    recorder = recorder_of()
    recorder.record_state(1001.5, 40, 12.504, 3.256)
    recorder.add((1002.2, "", 1, 1, "GET /"))
    assert recorder.take() == [
        Row(0, 40),
        Row(1, 40, cpu=12.5, lag_ms=3.26),
        Row(
            2,
            40,
            1,
            Counter(),
            1,
            Counter({1.0: 1}),
            Counter(),
            Counter({0: 1}),
            names={"GET /": RequestSums(1, ok_ms=Counter({1.0: 1}))},
        ),
    ]


def test_rows_are_taken_once_and_only_when_complete() -> None:
    recorder = recorder_of((1000.2, "", 1, 1, "GET /"), (1001.2, "", 1, 1, "GET /"))
    assert [row.t for row in recorder.take(before=1001.9)] == [0]
    recorder.add((1001.3, "", 1, 1, "GET /"))
    assert [(row.t, row.ok) for row in recorder.take()] == [(1, 2)]
    assert recorder.take() == []


def test_samples_are_counted_in_batches_without_losing_one() -> None:
    recorder = recorder_of(*[(1000.5 + n // 400, "", 1.0, 1, "GET /") for n in range(3 * BATCH + 57)])
    assert [(row.t, row.ok) for row in recorder.take()] == [(0, 400), (1, 400), (2, 7)]


@pytest.mark.parametrize("ms", [nan, inf, -1.0, 1e12])
def test_a_latency_that_is_not_possible_is_refused_before_it_harms_others(ms: float) -> None:
    recorder = recorder_of((1000.2, "", 1, 1, "GET /"))
    with pytest.raises(ValueError, match="is not possible"):
        recorder.add((1000.3, "", ms, 1, "GET /"))
    assert [row.ok for row in recorder.take()] == [1]


def test_an_open_model_records_its_plan_and_what_it_could_not_do() -> None:
    recorder = recorder_of()
    recorder.set_planned(1000.5, 10, 99.999)
    recorder.add_late_start(1000.7)
    recorder.add_late_start(1000.8)
    recorder.set_planned(1001.5, None)
    recorder.add_missed(1001.2, 3)
    assert recorder.take() == [Row(0, planned=10, late=2, due_per_s=100.0), Row(1, missed=3)]


def test_what_the_end_cut_off_is_counted_by_how_long_it_had_waited() -> None:
    recorder = Recorder(1000)
    recorder.add_missed(1002.5, 2)
    recorder.add_cut_off(1002.5, [0.5, 1.0])
    recorder.add_cut_off(1002.5, [1.0])
    assert recorder.take() == [Row(2, missed=2, cut_off_ms=Counter({500.0: 1, 1000.0: 2}))]


def test_requests_in_flight_at_the_end_belong_to_the_second_in_which_the_run_ended() -> None:
    recorder = recorder_of()
    recorder.add_in_flight(1002.5, 3, 2.345)
    recorder.add_in_flight(1002.6, 2, 0.5)
    assert recorder.take() == [Row(2, in_flight=5, in_flight_s=2.35)]


# A log of a run: what ended in each second, at which worker, and how many users each worker had at its end.
ended = st.tuples(st.integers(0, 1), st.floats(0, 0.999), st.sampled_from(KINDS), st.floats(0, 1e5), st.integers(0, 99))
log = st.lists(st.tuples(st.lists(ended, max_size=5), st.integers(0, 9), st.integers(0, 9)), max_size=25)


@given(log, st.lists(st.integers(0, 20), max_size=25))
def test_two_workers_series_is_exactly_a_local_runs(
    seconds: list[tuple[list[tuple[int, float, str, float, int]], int, int]], delays: list[int]
) -> None:
    local, master = Recorder(1000.0), Recorder(1000.0)
    workers = Recorder(1000.0), Recorder(1000.0)
    expected, merged = History(0), History(0)
    messages: list[tuple[int, bytes]] = []
    for t, (requests, *users) in enumerate(seconds):
        for worker, part, kind, ms, size in requests:
            for recorder in (local, workers[worker]):
                recorder.add((1000 + t + part, kind, ms, size, f"GET /{size % 3}/"))
        local.record_state(1000.5 + t, sum(users))
        for row in local.take(1001 + t):
            expected.add(row)
        for worker, recorder in enumerate(workers):
            recorder.record_state(1000.5 + t, users[worker])
            rows = [row.to_json() for row in recorder.take(1001 + t)]
            # As it goes over the wire; the second worker's messages are late.
            late_s = delays[t] if worker and t < len(delays) else 0
            messages.append((t + late_s, Message("rows", rows, str(worker)).serialize()))
    for _, message in sorted(messages, key=lambda sent: sent[0]):
        master.merge(map(Row.from_json, Message.unserialize(message).data), 1000, now=2000)
    for row in master.take():
        merged.add(row)
    assert merged.intervals() == expected.intervals()
    assert merged.total == expected.total


def test_rows_of_a_clock_that_is_ahead_or_behind_count_as_of_now_or_of_the_beginning() -> None:
    master = Recorder(1000.0)
    master.merge([Row(0, ok=1), Row(70, ok=1)], started=990, now=1005.5)
    assert [(row.t, row.ok) for row in master.take()] == [(0, 1), (5, 1)]
    # The users of seconds before the first would add up in it; and a clock can be set back to before the start.
    master.merge([Row(t, users=50, ok=1) for t in range(5)], started=997, now=1005.5)
    assert [(row.t, row.users, row.ok) for row in master.take()] == [(0, 50, 4), (1, 50, 1)]
    master.merge([Row(0, ok=1)], started=1000, now=990)
    assert [row.t for row in master.take()] == [0]


def test_workers_users_add_up_and_their_clocks_need_not_start_together() -> None:
    master = Recorder(1000.0)
    master.merge([Row(2, users=3, ok=1)], started=1000, now=1010)
    master.merge([Row(1, users=4, ok=2)], started=1001, now=1010)
    assert master.take() == [Row(2, users=7, ok=3)]


def test_a_master_has_no_more_names_than_a_worker_and_counts_the_rest_together() -> None:
    names = [f"GET /{n}/" for n in range(NAMES_LIMIT + 5)]
    master = Recorder(1000.0)
    for worker in (names[:NAMES_LIMIT], names[5:]):
        row = Row(0, ok=len(worker), names={name: RequestSums(1) for name in worker})
        master.merge([row], 1000, now=1001)
    (merged,) = master.take()
    assert set(merged.names) == {*names[:NAMES_LIMIT], OTHER}
    assert (merged.names[OTHER].ok, sum(sums.ok for sums in merged.names.values())) == (5, 2 * NAMES_LIMIT)
