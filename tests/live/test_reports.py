"""What a run leaves and shows: series, report, panel and lines, of a real run."""

import csv
import json
import re
import signal
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.metrics import series_file
from tests.support.programs import (
    done,
    lab,
    locust,
    running,
    two_workers,
    wait_for_lines,
)
from tests.support.terminals import on_a_terminal

IO_READ = locustfile("io_read")
LATEST = ["--path", "/blog/latest/"]


def test_a_report_is_one_file_that_says_what_its_twins_say(other_url: str, tmp_path: Path) -> None:
    report, table = tmp_path / "out" / "run.html", tmp_path / "run.csv"
    load = ["--headless", "-u", "30", "-r", "5", "-t", "6s", "--loglevel", "INFO", "--only-summary"]
    code, text = done(
        *locust("-f", IO_READ, *load, "-H", other_url, "--path", "/full/", "--report", report, "--series", table)
    )
    assert code == 1  # Locust's rule: requests failed
    assert f"Report: {report}" in text
    page, content = report.read_text(), json.loads(report.with_suffix(".json").read_text())
    verdict = content["verdict"]
    assert verdict.startswith(
        "No request succeeded; the most frequent failure was db_too_many_clients: raise max_connections"
    )
    assert verdict in page
    assert verdict in text
    assert verdict in report.with_suffix(".md").read_text()
    # The page loads nothing, so that it can be sent and kept.
    assert re.findall(r'(?:src|href)="(?!data:)[^"]*"', page) == []
    assert "@import" not in page
    assert content["failures"][0]["message"] == "HTTP 500, FATAL: sorry, too many clients already"
    assert content["run_info"]["server"] == other_url

    recorded = series_file.read(report.with_suffix(".series.jsonl"))
    rows = list(csv.DictReader(table.read_text().splitlines()))
    assert [int(row["users"]) for row in rows][:3] == [second.users for second in recorded.intervals][:3]
    assert sum(int(row["failed"]) for row in rows) == recorded.total.failed.total() > 30
    assert {row["kinds"].partition("=")[0] for row in rows[1:-1]} == {"db_too_many_clients"}
    assert sum(second.began for second in recorded.intervals) == recorded.total.failed.total()


def test_of_a_run_that_was_killed_the_report_can_be_made(other_url: str, tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    load = ["--headless", "-u", "20", "-r", "5", "-t", "10m", "--only-summary", "-H", other_url, *LATEST]
    with running(*locust("-f", IO_READ, *load, "--series", file)) as program:
        wait_for_lines(program, file, 4)
        program.signal(signal.SIGKILL)
        program.end()
    code, text = done(*lab("report", file))
    assert code == 0
    assert text.endswith(f"Report: {file.with_suffix('.html')}\n")
    assert file.with_suffix(".md").read_text().startswith("# Where IoReadUser saturated\n")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("missing.jsonl", None, "cannot read the series {path}: No such file or directory"),
        (
            "other.jsonl",
            '{"format": "other"}\n',
            "{path} is not a series of format version 2; write it with --series",
        ),
        ("binary.jsonl", "\udcff", "{path} is not a series, or is damaged: "),
    ],
)
def test_what_is_no_series_is_one_line_and_exit_code_2(
    tmp_path: Path, name: str, content: str | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
    code, text = done(*lab("report", path))
    assert code == 2
    assert text.startswith(f"locust-asyncdjango: error: {message.format(path=path)}")
    assert text.count("\n") == 1


def test_without_the_extra_a_run_with_a_report_is_refused_at_its_start(other_url: str, tmp_path: Path) -> None:
    (tmp_path / "numpy.py").write_text("raise ModuleNotFoundError(\"No module named 'numpy'\", name='numpy')\n")
    report = tmp_path / "out" / "run.html"
    load: list[str | Path] = ["--headless", "-u", "2", "-t", "2s", "--only-summary", "-H", other_url, *LATEST]
    code, text = done(*locust("-f", IO_READ, *load, "--report", report), env={"PYTHONPATH": str(tmp_path)})
    install = "pip install 'locust-asyncdjango[report]', or in a checkout pip install -e '.[report]'"
    (error,) = [line for line in text.splitlines() if "error" in line]
    assert error == f"locust: error: --report needs the extra report (numpy is not installed): {install}"
    assert (code, report.parent.exists()) == (2, False)


@pytest.mark.parametrize("live", ["lines", "panel"])
def test_with_json_standard_output_is_json_alone(other_url: str, tmp_path: Path, live: str) -> None:
    out = tmp_path / "out.json"
    load = ["--headless", "-u", "2", "-r", "2", "-t", "11s", "--json", "--live", live, "-H", other_url, *LATEST]
    argv = [str(part) for part in locust("-f", IO_READ, *load)]
    code, text = on_a_terminal(["sh", "-c", f'exec "$@" > {out}', "sh", *argv])
    assert code == 0
    (entry,) = json.loads(out.read_text())
    assert entry["num_requests"] > 0
    assert ("successful req/s" if live == "panel" else "failed/s  p50") in text
    assert "where this run saturated" in text


def test_lines_where_stdout_is_no_terminal(other_url: str) -> None:
    load: list[str | Path] = ["--headless", "-u", "4", "-r", "4", "-t", "12s", "-H", other_url, *LATEST]
    code, text = done(*locust("-f", IO_READ, *load))
    assert code == 0
    (line,) = re.findall(r"^ +10 s +4 users +[\d.]+ ok/s +0\.0 failed/s +p50 .*$", text, re.MULTILINE)
    assert len(line) <= 80
    summary = text[text.index("locust-asyncdjango: where") :].splitlines()
    assert max(map(len, summary)) <= 80


def test_a_panel_on_a_terminal_which_is_left_as_it_was(other_url: str) -> None:
    load: list[str | Path] = ["--headless", "-u", "4", "-r", "4", "-t", "4s", "-H", other_url, *LATEST]
    code, text = on_a_terminal(locust("-f", IO_READ, *load))
    assert code == 0
    panel, summary_title, _ = text.partition("locust-asyncdjango: where this run saturated")
    assert summary_title, text
    assert "IoReadUser on http://127.0.0.1:" in panel
    assert "successful req/s" in panel
    assert text.count("Type     Name") == 2  # Locust's own tables: only those at the end
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")  # the cursor is shown again
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("live", "length", "variables"),
    [
        ("panel", "4s", {"LC_ALL": "C", "PYTHONUTF8": "0"}),
        ("lines", "11s", {"PYTHONIOENCODING": "latin-1"}),
    ],
    ids=["C", "latin-1"],
)
def test_a_run_and_its_report_on_a_narrow_terminal_of_another_encoding(
    other_url: str, tmp_path: Path, live: str, length: str, variables: dict[str, str]
) -> None:
    load = ["--headless", "--live", live, "-u", "4", "-r", "4", "-t", length, "-H", other_url, *LATEST]
    report = tmp_path / "R\u00e9sum\u00e9\u2026.html"
    code, text = on_a_terminal(locust("-f", IO_READ, *load, "--report", report), 40, variables)
    assert code == 0, text
    successes = json.loads(report.with_suffix(".json").read_text())["saturation"]["successes"]
    summary = text[text.index("locust-asyncdjango: where") :]
    assert re.search(rf"\b{successes}\b", summary), text
    assert max(map(len, summary.partition("[")[0].splitlines())) <= 40
    assert re.search(r"successful req/s +\d+\.\d" if live == "panel" else r" +10 s +4 users +\d+\.\d ok/s", text), text
    assert "Traceback" not in text
    series = report.with_name(f"{report.stem}.series.jsonl")
    for arguments in (["report", series], ["list"], ["--help"]):
        code, text = on_a_terminal(lab(*arguments), 40, variables)
        assert (code, "Traceback" in text) == (0, False), text


def test_a_master_that_is_killed_has_written_each_second(other_url: str, tmp_path: Path) -> None:
    file = tmp_path / "run.jsonl"
    load = ["--headless", "-u", "6", "-r", "6", "-t", "10m", "--only-summary", "-H", other_url, *LATEST]
    with running(*locust("-f", IO_READ, *load, *two_workers(), "--series", file)) as program:
        wait_for_lines(program, file, 3)
        # The line of a second is there before the next one has ended.
        header, *rows = file.read_text().splitlines()
        assert json.loads(header)["workers"] == 2
        seconds = [json.loads(row)["t"] for row in rows]
        assert seconds == list(range(seconds[0], seconds[0] + len(rows)))
        program.signal(signal.SIGKILL)
    assert series_file.read(file).total.users == 6
