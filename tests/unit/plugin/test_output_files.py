"""The files that a run writes, and what happens when one cannot be written."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import CSV_COLUMNS, header, read
from locust_asyncdjango.plugin.options import Options
from locust_asyncdjango.plugin.output_files import OutputError, OutputFiles

ROWS = [
    Row(0, 5, 2, Counter(), 10, Counter({12.5: 2})),
    Row(1, 10, 0, Counter(timeout=3, app_error=1), 0, failed_ms=Counter({9.0: 4}), cpu=12.5),
]


def test_a_series_as_json_lines_and_as_csv(tmp_path: Path) -> None:
    outputs = OutputFiles(Options(series=(str(tmp_path / "a" / "run.jsonl"), str(tmp_path / "run.CSV"))))
    outputs.write_header(header(host="x"))
    outputs.write_rows(ROWS)
    outputs.close()
    assert read(tmp_path / "a" / "run.jsonl").total.failed == Counter(timeout=3, app_error=1)
    with (tmp_path / "run.CSV").open(newline="") as file:
        first, *rows = csv.reader(file)
    assert tuple(first) == CSV_COLUMNS
    assert rows == [
        ["0", "5", "2", "0", "", "10", "12.5", "12.5", "12.5", "12.5", "0", "", "0", "0", "0", ""],
        ["1", "10", "0", "4", "timeout=3 app_error=1", "0", "", "", "", "", "12.5", "", "0", "0", "0", ""],
    ]


def test_a_later_run_has_files_of_its_own(tmp_path: Path) -> None:
    outputs = OutputFiles(Options(series=(str(tmp_path / "run.jsonl"),), failures=str(tmp_path / "failures.json")))
    outputs.write_header(header())
    outputs.next_run()
    outputs.write_header(header())
    outputs.write_failures({})
    outputs.close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "failures-2.json",
        "failures.json",
        "run-2.jsonl",
        "run.jsonl",
    ]


def test_a_report_that_cannot_be_written_is_refused_by_its_own_flag(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    report = tmp_path / "file" / "run.html"
    with pytest.raises(OutputError) as refused:
        OutputFiles(Options(report=str(report), failures=str(report.with_suffix(".failures.json"))))
    assert str(refused.value) == f"--report: cannot write {report} (Not a directory); choose another place"


@pytest.mark.parametrize(
    "options",
    [
        Options(series=("run.json",), report="run.html"),
        Options(series=("x.jsonl",), failures="r.json", report="r.html"),
        Options(junit="s.md", report="s.html"),
        Options(series=("o.txt",), failures="./o.txt"),
        Options(series=("a.csv", "b/../a.csv")),
    ],
    ids=str,
)
def test_nothing_is_written_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: Options) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(OutputError, match="would be written twice"):
        OutputFiles(options)
    assert list(tmp_path.iterdir()) == []


def test_a_series_that_cannot_be_written_does_not_keep_another_from_it(tmp_path: Path) -> None:
    outputs = OutputFiles(Options(series=("/dev/full", str(tmp_path / "run.jsonl"))))
    with pytest.raises(OutputError, match="later seconds are missing from it; free some space"):
        outputs.write_header(header())
    outputs.write_rows(ROWS)
    outputs.close()
    assert read(tmp_path / "run.jsonl").total.ok == 2
