"""The series as JSON lines, which are read back, and as CSV, which is not."""

import csv
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.metrics.row import Row, Sample
from locust_asyncdjango.metrics.series_file import (
    CSV_COLUMNS,
    Series,
    SeriesError,
    csv_header,
    csv_line,
    header,
    json_line,
    read,
)
from tests.support.series import SAMPLES, recorder_of, write_series


@given(SAMPLES)
def test_a_file_is_read_as_written(tmp_path_factory: pytest.TempPathFactory, samples: list[Sample]) -> None:
    rows = recorder_of(*samples).take()
    series = read(write_series(tmp_path_factory.mktemp("series") / "series.jsonl", rows))
    assert series == Series.from_rows(header(host="http://x"), rows)


@given(SAMPLES, st.randoms(use_true_random=False))
def test_rows_that_arrive_late_make_the_same_series(
    tmp_path_factory: pytest.TempPathFactory, samples: list[Sample], order: random.Random
) -> None:
    parts = [row for sample in samples for row in recorder_of(sample).take()]
    folder = tmp_path_factory.mktemp("series")
    shuffled = read(write_series(folder / "a", order.sample(parts, len(parts))))
    expected = read(write_series(folder / "b", recorder_of(*samples).take()))
    assert shuffled.intervals == expected.intervals
    assert shuffled.total == expected.total


def test_a_file_of_format_version_2_is_read(tmp_path: Path) -> None:
    """Written out in full: files of earlier releases look so."""
    path = tmp_path / "series.jsonl"
    path.write_text(
        '{"format":"locust-asyncdjango series","version":2,"host":"http://x"}\n'
        '{"t":0,"users":5,"ok":2,"failed":{"timeout":1},"bytes":9,"ok_ms":{"12.5":2},"failed_ms":{"30":1},'
        '"began":{"0":3},"cpu":1.5}\n'
        '{"t":1,"users":6,"ok":0,"failed":{},"bytes":0,"ok_ms":{},"failed_ms":{},"began":{},"cpu":0.0,"planned":7,'
        '"late":1,"missed":2}\n'
    )
    first = Row(0, 5, 2, Counter(timeout=1), 9, Counter({12.5: 2}), Counter({30.0: 1}), Counter({0: 3}), cpu=1.5)
    second = Row(1, 6, planned=7, late=1, missed=2)
    expected = {"format": "locust-asyncdjango series", "version": 2, "host": "http://x"}
    assert read(path) == Series.from_rows(expected, [first, second])
    lines = [json_line(row.to_json()).strip() for row in (first, second)]
    assert path.read_text().replace('"cpu":0.0,', "").splitlines()[1:] == lines  # it meant that nothing was known


def test_a_line_cut_by_a_kill_is_left_out(tmp_path: Path) -> None:
    path = write_series(tmp_path / "series.jsonl", [Row(0, ok=3)])
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
        damaged(failed={f"kind{n}": 1 for n in range(1001)}),
        damaged(ok_ms={"1": 4}),
        json_line(header(run_time="long")),
        json_line(header(user_classes=[1])),
        json_line(header()) + json_line(Row(0).to_json()).replace('"t":0', '"t":0,"t":1'),
    ],
)
def test_other_files_are_refused_with_the_way_out(tmp_path: Path, text: str) -> None:
    path = tmp_path / "series.jsonl"
    path.write_text(text)
    with pytest.raises(SeriesError, match="write it with --series"):
        read(path)


def test_a_csv_file_is_refused_as_one_that_is_for_spreadsheets(tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text(csv_header() + csv_line(Row(0, ok=3)))
    with pytest.raises(SeriesError) as refused:
        read(path)
    assert str(refused.value) == (
        f"{path} is CSV, which is for spreadsheets only: name the JSON lines of the run (locust --series run.jsonl)"
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SeriesError, match=r"cannot read the series .*nowhere"):
        read(tmp_path / "nowhere")


def test_rows_as_csv() -> None:
    assert (
        *("t", "users", "ok", "failed", "kinds", "bytes", "mean_ms", "p50_ms", "p95_ms", "p99_ms"),
        *(
            "cpu",
            "lag_ms",
            "planned",
            "late",
            "missed",
            "clock_s",
            "lost_workers",
            "in_flight",
            "in_flight_s",
            "due_per_s",
        ),
    ) == CSV_COLUMNS
    failing = Row(0, 5, 2, Counter(timeout=3, app_error=1), 10, Counter({12.5: 2}), cpu=12.5)
    text = (
        csv_header()
        + csv_line(failing)
        + csv_line(
            Row(1, 10, planned=20, late=1, missed=2, lost_workers=1, in_flight=3, in_flight_s=1.5, due_per_s=50.0)
        )
    )
    assert list(csv.reader(text.splitlines())) == [
        list(CSV_COLUMNS),
        ["0", "5", "2", "4", "timeout=3 app_error=1", "10", *["12.5"] * 5, "", "", "0", "0", "", "", "0", "", ""],
        ["1", "10", "0", "0", "", "0", "", "", "", "", "", "", "20", "1", "2", "", "1", "3", "1.5", "50.0"],
    ]
