"""Samples -> rows -> file -> seconds."""

import json
import random
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from locust.rpc.protocol import Message

from locust_asyncdjango.metrics import histogram
from locust_asyncdjango.metrics.histogram import rounded_ms
from locust_asyncdjango.metrics.history import RECENT_S, History
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.recorder import Recorder
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.sample import Sample
from locust_asyncdjango.metrics.series_file import (
    Series,
    SeriesError,
    header,
    json_line,
    read,
)
from locust_asyncdjango.metrics.statistics import percentiles

KINDS = ["", "timeout", "db_too_many_clients"]
samples = st.lists(
    st.tuples(
        st.floats(1000, 1010, allow_nan=False),
        st.sampled_from(KINDS),
        st.floats(0, 1e6, allow_nan=False),
        st.integers(0, 10**6),
    )
)


def recorded(*given_samples: Sample) -> Recorder:
    recorder = Recorder(1000.0)
    for sample in given_samples:
        recorder.add(sample)
    return recorder


def written(path: Path, rows: Iterable[Row]) -> Path:
    path.write_text(json_line(header(host="http://x")) + "".join(json_line(row.to_json()) for row in rows))
    return path


def test_a_second_holds_what_ended_in_it_and_when_that_began() -> None:
    recorder = recorded(
        (1000.2, "", 12.5, 100),
        (1000.9, "", 12.5, 100),
        (1002.9, "timeout", 2000.0, 0),
        (1002.0, "", 0.5, 10),
    )
    assert recorder.take() == [
        Row(0, 0, 2, Counter(), 200, Counter({12.5: 2}), Counter(), Counter({0: 2})),
        Row(2, 0, 1, Counter(timeout=1), 10, Counter({0.5: 1}), Counter({2000.0: 1}), Counter({1: 1, 2: 1})),
    ]


def test_users_are_those_at_the_end_of_a_second_and_stay_until_it_is_known_better() -> None:
    recorder = recorded()
    recorder.record_state(1001.5, 40, 12.5)
    recorder.add((1002.2, "", 1, 1))
    assert recorder.take() == [
        Row(0, 40),
        Row(1, 40, cpu=12.5),
        Row(2, 40, 1, Counter(), 1, Counter({1.0: 1}), Counter(), Counter({0: 1})),
    ]


def test_rows_are_given_out_once_and_only_when_complete() -> None:
    recorder = recorded((1000.2, "", 1, 1), (1001.2, "", 1, 1))
    assert [row.t for row in recorder.take(before=1001.9)] == [0]
    recorder.add((1001.3, "", 1, 1))
    assert [(row.t, row.ok) for row in recorder.take()] == [(1, 2)]
    assert recorder.take() == []


@pytest.mark.parametrize("ms", [float("nan"), float("inf"), -1.0, 1e12])
def test_what_is_no_latency_is_refused_before_it_harms_others(ms: float) -> None:
    recorder = recorded((1000.2, "", 1, 1))
    with pytest.raises(ValueError, match="is not possible"):
        recorder.add((1000.3, "", ms, 1))
    assert [row.ok for row in recorder.take()] == [1]


# A log of a run: what ended in each second, at which worker, and how many users each worker had at its end.
ended = st.tuples(st.integers(0, 1), st.floats(0, 0.999), st.sampled_from(KINDS), st.floats(0, 1e5), st.integers(0, 99))
log = st.lists(st.tuples(st.lists(ended, max_size=5), st.integers(0, 9), st.integers(0, 9)), max_size=25)


@given(log, st.lists(st.integers(0, 20), max_size=25))
def test_two_workers_series_is_exactly_a_local_runs(
    seconds: list[tuple[list[tuple[int, float, str, float, int]], int, int]], delays: list[int]
) -> None:
    local, master = Recorder(1000.0), Recorder(1000.0)
    workers = Recorder(1000.0), Recorder(1000.0)
    whole, merged = History(0), History(0)
    messages: list[tuple[int, bytes]] = []
    for t, (requests, *users) in enumerate(seconds):
        for worker, part, kind, ms, size in requests:
            for recorder in (local, workers[worker]):
                recorder.add((1000 + t + part, kind, ms, size))
        local.record_state(1000.5 + t, sum(users))
        for row in local.take(1001 + t):
            whole.add(row)
        for worker, recorder in enumerate(workers):
            recorder.record_state(1000.5 + t, users[worker])
            rows = [row.to_json() for row in recorder.take(1001 + t)]
            # As it goes over the wire; the second worker's messages are late.
            late = delays[t] if worker and t < len(delays) else 0
            messages.append((t + late, Message("rows", rows, str(worker)).serialize()))
    for _, message in sorted(messages, key=lambda sent: sent[0]):
        master.merge(map(Row.from_json, Message.unserialize(message).data), 1000, now=2000)
    for row in master.take():
        merged.add(row)
    assert merged.intervals() == whole.intervals()
    assert merged.total == whole.total


@given(samples, st.randoms(use_true_random=False))
def test_rows_that_come_late_make_the_same_series_in_the_file(
    tmp_path_factory: pytest.TempPathFactory, given_samples: list[Sample], order: random.Random
) -> None:
    rows = [row for sample in given_samples for row in recorded(sample).take()]
    shuffled = order.sample(rows, len(rows))
    folder = tmp_path_factory.mktemp("series")
    ours, theirs = read(written(folder / "a", shuffled)), read(written(folder / "b", recorded(*given_samples).take()))
    assert ours.intervals == theirs.intervals
    assert ours.total == theirs.total


def test_what_another_clock_has_ahead_or_behind_counts_as_of_now_or_of_the_beginning() -> None:
    master = Recorder(1000.0)
    master.merge([Row(0, ok=1), Row(70, ok=1)], started=990, now=1005.5)
    assert [(row.t, row.ok) for row in master.take()] == [(0, 1), (5, 1)]
    # Users of seconds before the first would add up in it; and a clock can be set back to before the start.
    master.merge([Row(t, users=50, ok=1) for t in range(5)], started=997, now=1005.5)
    assert [(row.t, row.users, row.ok) for row in master.take()] == [(0, 50, 4), (1, 50, 1)]
    master.merge([Row(0, ok=1)], started=1000, now=990)
    assert [row.t for row in master.take()] == [0]


def test_workers_users_add_up_and_their_clocks_need_not_start_together() -> None:
    master = Recorder(1000.0)
    master.merge([Row(2, users=3, ok=1)], started=1000, now=1010)
    master.merge([Row(1, users=4, ok=2)], started=1001, now=1010)
    assert master.take() == [Row(2, users=7, ok=3)]


@given(samples)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, given_samples: list[Sample]) -> None:
    rows = recorded(*given_samples).take()
    assert [Row.from_json(json.loads(json_line(row.to_json()))) for row in rows] == rows
    series = read(written(tmp_path_factory.mktemp("series") / "series.jsonl", rows))
    assert series == Series.from_rows(header(host="http://x"), rows)


def test_a_line_cut_by_a_kill_is_left_out(tmp_path: Path) -> None:
    path = written(tmp_path / "series.jsonl", [Row(0, ok=3)])
    with path.open("a") as file:
        file.write('{"t":1,"us')
    assert read(path).total.ok == 3


def damaged(**changes: Any) -> str:
    return json_line(header()) + json.dumps({**Row(0, ok=3).to_json(), **changes}) + "\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not JSON\n",
        "[]\n",
        "[" * 100_000 + "\n",
        '{"format": "other"}\n',
        json_line(header(machine=None)),
        json_line(header(versions="2.47")),
        json_line(header()) + '{"t": 0}\n',
        json_line(header()) + "7\n",
        damaged(t=-5),
        damaged(t=1e999),
        damaged(t=10**9),
        damaged(t=3601),  # after an hour of nothing
        damaged(users=float("nan")),
        damaged(ok=-1),
        damaged(ok=10**400),
        damaged(failed="timeout"),
        damaged(failed={"timeout": "b"}),
        damaged(ok_ms={"1e400": 3}),
        damaged(ok_ms={"-1": 3}),
        damaged(cpu=float("nan")),
    ],
)
def test_other_files_are_refused_with_the_way_out(tmp_path: Path, text: str) -> None:
    path = tmp_path / "series.jsonl"
    path.write_text(text)
    with pytest.raises(SeriesError, match="write it with --series"):
        read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match=r"cannot read the series .*nowhere"):
        read(tmp_path / "nowhere")


@given(st.floats(1e-9, 1e11))
def test_a_latency_is_within_half_a_thousandth_and_stays_what_it_is(ms: float) -> None:
    assert rounded_ms(ms) == pytest.approx(ms, rel=0.0005)
    assert rounded_ms(rounded_ms(ms)) == rounded_ms(ms)


def test_percentiles_of_a_million_samples_are_within_a_thousandth() -> None:
    chance = random.Random(7)
    exact = sorted(chance.lognormvariate(3, 1.5) for _ in range(1_000_000))
    counts = Counter(map(rounded_ms, exact))
    percents = [Fraction(text) for text in ("0.1", "1", "10", "50", "90", "95", "99", "99.9", "99.99", "100")]
    wanted = [exact[ceil(percent * len(exact) / 100) - 1] for percent in percents]
    assert percentiles(histogram.from_json(histogram.to_json(counts)), percents) == pytest.approx(wanted, rel=0.001)


def test_a_request_without_a_time_is_counted_and_has_no_latency() -> None:
    (row,) = recorded((1000.2, "", None, 5), (1000.4, "", 10.0, 5)).take()
    assert (row.ok, row.ok_ms, row.began) == (2, Counter({10.0: 1}), Counter({0: 2}))
    assert Interval.from_row(row).p50_ms == 10.0
    (row,) = recorded((1000.2, "", None, 5)).take()
    assert (Interval.from_row(row).ok, Interval.from_row(row).p50_ms, Interval.from_row(row).mean_ms) == (1, None, None)


def test_a_plan_of_no_users_is_not_the_same_as_no_plan() -> None:
    paused = Row(0, planned=0)
    assert Row.from_json(paused.to_json()) == paused
    assert "planned" not in Row(0).to_json()
    told = Row(0)
    told.merge(paused)
    assert told.planned == Interval.from_row(told).planned == 0
    told.merge(Row(0))
    assert told.planned == 0


def test_a_history_knows_every_second_and_what_came_late() -> None:
    history = History()
    rows = [Row(t, t, 2, Counter(timeout=1), 10, Counter({5.0: 2}), Counter({7.0: 1})) for t in range(100) if t != 50]
    for row in rows:
        history.add(row)
    history.add(Row(20, 3, 1, ok_ms=Counter({8.0: 1})))
    seconds = history.intervals()
    assert [second.t for second in seconds] == list(range(100))
    assert (seconds[50].users, seconds[50].ok) == (49, 0)
    assert (seconds[20].users, seconds[20].ok, seconds[20].p50_ms) == (23, 3, 6.0)  # by then only the means are known
    assert (history.total.t, history.total.users, history.total.ok) == (99, 99, 199)
    assert [history.users_at(t) for t in (-1, 20, 50, 99, 100)] == [0, 23, 49, 99, 0]


def test_requests_are_known_by_the_second_in_which_they_began() -> None:
    history = History()
    for t in range(30):
        history.add(Row(t, ok=10, began=Counter({0: 8, 1: 2} if t < 20 else {20: 10})))
    began = [second.began for second in history.intervals()]
    assert began[:11] == [8 + 2 + 2 + 10, *[8 + 2 + 10] * 9, 8 + 2]  # what began before the run counts as of its first
    assert began[19:] == [8, *[0] * 10]


def test_a_long_run_takes_no_more_memory_and_loses_nothing() -> None:
    history = History(limit=100)
    for t in range(1000):
        history.add(Row(t, t, 3, Counter({"timeout": t % 2}), 1, Counter({5.0: 3}), Counter({7.0: 1}), Counter({0: 3})))
        assert len(history.intervals()) <= 100 + RECENT_S + 1
    history.add(Row(50, users=7))  # late, and not of the end of those seconds
    seconds = history.intervals()
    settled = [second for second in seconds if second.length > 1]
    assert history.length == 16
    assert {second.length for second in seconds[:-1]} == {16}
    assert seconds[-1].length == 1000 % 16
    assert sum(second.length for second in seconds) == 1000
    assert sum(second.ok for second in seconds) == sum(second.began for second in seconds) == 3000
    assert sum(second.failures for second in seconds) == 500
    settled[3].busy_s = round(settled[3].busy_s, 6)
    assert settled[3] == Interval(
        48,
        63,
        48,
        Counter(timeout=8),
        16,
        length=16,
        began=48,
        mean_ms=5.0,
        p50_ms=5.0,
        p95_ms=5.0,
        p99_ms=5.0,
        busy_s=0.352,
        failed_ms=(7.0, 7.0),
    )
