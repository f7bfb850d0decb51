"""Samples -> rows -> file -> rows."""

import io
import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.recorder import Recorder
from locust_asyncdjango.sample import Sample
from locust_asyncdjango.series import Row, Series, SeriesError, header, read, three_digits, write_line

samples = st.lists(
    st.tuples(
        st.floats(1000, 1010, allow_nan=False),
        st.just("/"),
        st.sampled_from(["", "timeout", "db_too_many_clients"]),
        st.floats(0, 1e6, allow_nan=False),
        st.integers(0, 10**6),
        st.just(7),
    )
)


def recorded(*given_samples: Sample) -> Recorder:
    recorder = Recorder(1000.0)
    for sample in given_samples:
        recorder.add(sample)
    return recorder


def test_a_second_holds_what_ended_in_it() -> None:
    recorder = recorded(
        (1000.2, "/", "", 12.34, 100, 5),
        (1000.9, "/", "", 12.31, 100, 6),
        (1000.9, "/", "timeout", 60_049.0, 0, 6),
        (1002.0, "/", "", 0.5, 10, 8),
    )
    assert recorder.series({}).rows == (
        Row(0, 6, 2, Counter(timeout=1), 200, Counter({12.3: 2}), Counter({60000.0: 1})),
        Row(1, 6),  # nothing ended in it
        Row(2, 8, 1, Counter(), 10, Counter({0.5: 1}), Counter()),
    )


def test_a_second_without_samples_has_its_users() -> None:
    recorder = recorded()
    recorder.note_users(1003.5, 40)
    assert recorder.series({}).rows == (Row(3, 40),)


def test_rows_are_given_out_once_and_only_when_complete() -> None:
    recorder = recorded((1000.2, "/", "", 1, 1, 5), (1001.2, "/", "", 1, 1, 5))
    assert [row["t"] for row in recorder.take(before=1001.9)] == [0]
    recorder.add((1001.3, "/", "", 1, 1, 5))
    assert [(row["t"], row["ok"]) for row in recorder.take()] == [(1, 2)]
    assert recorder.take() == []
    assert [row.ok for row in recorder.series({}).rows] == [1, 2]


@given(samples, samples)
def test_two_workers_rows_are_one_recorders_rows(ours: list[Sample], theirs: list[Sample]) -> None:
    master = Recorder(1000.0)
    for worker, started in ((recorded(*ours), 1000), (recorded(*theirs), 1000)):
        master.merge(json.loads(json.dumps(worker.take())), started)
    together = recorded(*ours, *theirs).series({})
    merged = master.series({})
    assert [(r.t, r.ok, r.failed, r.bytes, r.ok_ms, r.failed_ms) for r in merged.rows] == [
        (r.t, r.ok, r.failed, r.bytes, r.ok_ms, r.failed_ms) for r in together.rows
    ]


def test_workers_users_add_up_and_their_clocks_need_not_start_together() -> None:
    master = Recorder(1000.0)
    master.merge([Row(2, users=3, ok=1).to_json()], started=1000)
    master.merge([Row(1, users=4, ok=2).to_json()], started=1001)
    assert master.series({}).rows == (Row(2, users=7, ok=3),)


@given(samples)
def test_what_is_written_is_read(given_samples: list[Sample]) -> None:
    series = recorded(*given_samples).series(header(host="http://x"))
    file = io.StringIO()
    write_line(file, series.header)
    for row in series.rows:
        write_line(file, row.to_json())
    assert _read_text(file.getvalue()) == series


def test_a_line_cut_by_a_kill_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "series.jsonl"
    path.write_text(json.dumps(header()) + "\n" + json.dumps(Row(0, ok=3).to_json()) + "\n" + '{"t":1,"us')
    assert read(path).rows == (Row(0, ok=3),)


@pytest.mark.parametrize(
    "text", ["", "not JSON\n", "[]\n", '{"format": "other"}\n', json.dumps(header()) + '\n{"t": 0}\n']
)
def test_other_files_are_refused_with_the_way_out(tmp_path: Path, text: str) -> None:
    path = tmp_path / "series.jsonl"
    path.write_text(text)
    with pytest.raises(SeriesError, match="write it with --series"):
        read(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match=r"cannot read the series .*nowhere"):
        read(tmp_path / "nowhere")


@given(st.floats(0.001, 1e7))
def test_three_digits_are_within_half_a_percent(ms: float) -> None:
    assert three_digits(ms) == pytest.approx(ms, rel=0.005)


def _read_text(text: str) -> Series:
    lines = text.splitlines()
    return Series.of(json.loads(lines[0]), [Row.from_json(json.loads(line)) for line in lines[1:]])
