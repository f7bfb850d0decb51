"""The files that a run writes, and what happens when one cannot be written."""

import csv
import json
import os
import signal
import subprocess
import sys
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
        ["0", "5", "2", "0", "", "10", "12.5", "12.5", "12.5", "12.5", "", "", "", "0", "0", "", "", "0", "", ""],
        [
            "1",
            "10",
            "0",
            "4",
            "timeout=3 app_error=1",
            "0",
            "",
            "",
            "",
            "",
            "12.5",
            "",
            "",
            "0",
            "0",
            "",
            "",
            "0",
            "",
            "",
        ],
    ]


FIRST_RUN = Options(series=("run.jsonl",), failures="f.json", junit="j.xml", report="r.html")


@pytest.mark.parametrize(
    ("second_run", "flag", "name"),
    [
        (Options(series=("kept.jsonl", "run.jsonl")), "series", "run.jsonl"),
        (Options(series=("kept.jsonl",), failures="./new/../f.json"), "failures", "new/../f.json"),
        (Options(series=("kept.jsonl",), junit="link.xml"), "junit", "link.xml"),
        (Options(series=("kept.jsonl",), report="r.html", failures="new.json"), "report", "r.html"),
    ],
    ids=["series", "failures", "junit", "report"],
)
def test_a_file_that_another_run_writes_is_refused_and_no_file_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second_run: Options, flag: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    first = OutputFiles(FIRST_RUN)
    first.write_header(header())
    Path("new").mkdir()
    Path("link.xml").symlink_to("j.xml")
    Path("kept.jsonl").write_text("kept")
    before = {path: path.read_text() for path in tmp_path.iterdir() if path.is_file()}
    with pytest.raises(OutputError) as refused:
        OutputFiles(second_run)
    assert str(refused.value) == f"--{flag}: another run writes to {name}; wait for its end, or name another file"
    assert {path: path.read_text() for path in tmp_path.iterdir() if path.is_file()} == before
    first.close()
    OutputFiles(second_run).close()


def test_a_killed_run_leaves_no_lock(tmp_path: Path) -> None:
    """The operating system ends the lock: here a program that ends without closing the file stands for it."""
    file = tmp_path / "run.jsonl"
    program = (
        "import os\nfrom locust_asyncdjango.plugin.options import Options\n"
        "from locust_asyncdjango.plugin.output_files import OutputFiles\n"
        f"outputs = OutputFiles(Options(series=({str(file)!r},)))\nos.abort()"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -signal.SIGABRT
    OutputFiles(Options(series=(str(file),))).close()


def test_devices_and_pipes_can_be_shared(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    both = [OutputFiles(Options(series=("/dev/null", str(pipe)), failures="/dev/null")) for _ in range(2)]
    for outputs in both:
        outputs.write_header(header())
        outputs.write_failures({})
        outputs.close()
    assert os.read(reader, 10_000).count(b"locust-asyncdjango series") == 2
    os.close(reader)


def test_a_pipe_gets_the_failures_once_at_the_end(tmp_path: Path) -> None:
    """A second writing would wait for ever for a reader that has read the first one to its end."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    outputs = OutputFiles(Options(failures=str(pipe), junit="/dev/null"))
    outputs.write_failures({"failures": []})
    outputs.close()
    assert json.loads(os.read(reader, 10_000))["failures"] == []
    os.close(reader)


def test_a_report_that_is_not_made_says_how_to_make_it(tmp_path: Path) -> None:
    report = tmp_path / "run.html"
    report.with_suffix(".md").write_text("of an earlier run")
    series, failures = tmp_path / "run.series.jsonl", tmp_path / "run.failures.json"
    OutputFiles(Options(report=str(report), series=(str(series),), failures=str(failures))).close()
    command = f"locust-asyncdjango report {series} --failures {failures} --output {report}"
    assert f"<pre>{command}</pre>" in report.read_text()
    assert not report.with_suffix(".md").exists()


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
    ("flag", "options"),
    [("junit", Options(junit="/dev/null/x")), ("failures", Options(failures="/dev/null/x"))],
)
def test_an_output_that_cannot_be_written_is_refused_by_its_flag(flag: str, options: Options) -> None:
    with pytest.raises(OutputError) as refused:
        OutputFiles(options)
    assert str(refused.value) == f"--{flag}: cannot write /dev/null/x (Not a directory); choose another place"


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
