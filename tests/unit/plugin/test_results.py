"""What a run comes to: figures, failures, files, thresholds and the exit code."""

import json
import subprocess
import time
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from locust.env import Environment

from locust_asyncdjango.analysis.thresholds import parse_threshold
from locust_asyncdjango.failures.model import Failure
from locust_asyncdjango.load.arrivals import ArrivalQueue
from locust_asyncdjango.metrics import series_file
from locust_asyncdjango.metrics.request_names.sums import RequestSums
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.plugin import results as module
from locust_asyncdjango.plugin.options import Options
from locust_asyncdjango.plugin.output_files import OutputError, OutputFiles
from locust_asyncdjango.plugin.recording import Recording
from locust_asyncdjango.plugin.results import EXIT_CROSSED, EXIT_NOT_MEASURED, EXIT_UNWRITTEN, Results, make_report
from locust_asyncdjango.plugin.run_info import run_header
from tests.support.locust_environments import make_environment

TOO_MANY = Failure("db_too_many_clients", "database", "too many clients", "raise max_connections")


def make_results(environment: Environment, options: Options | None = None) -> tuple[Results, Recording]:
    options = options or Options()
    recording = Recording(ArrivalQueue())
    return Results(environment, options, OutputFiles(options), recording), recording


def rows(count: int, failed: int = 0) -> list[Row]:
    """Return seconds in which users climb by five and each gets two answers."""
    return [
        Row(
            t,
            5 * (t + 1),
            10 * (t + 1),
            Counter({"db_too_many_clients": failed} if failed else {}),
            ok_ms=Counter({20.0: 10 * (t + 1)}),
        )
        for t in range(count)
    ]


def test_figures_follow_the_rows() -> None:
    results, _ = make_results(make_environment())
    assert results.figures().successes == 0
    results.add(rows(3))
    assert results.figures().successes == 60
    assert results.figures() is results.figures()  # calculated once
    assert next(figure.text for figure in results.figures_in_words() if figure.name == "successes") == "60"
    assert results.chart_data()["state"] == "ready"


def test_the_figures_of_a_long_run_are_computed_more_seldom() -> None:
    results, _ = make_results(make_environment())
    seconds, shown = rows(906), []
    for before, now in pairwise((0, 298, 299, 300, 301, 302, 897, 898, 899, 900, 901, 903, 904, 906)):
        results.add(seconds[before:now])
        shown.append(results.figures().length_s)
    assert shown == [298, 299, 300, 300, 302, 897, 897, 897, 900, 900, 900, 904, 904]


def test_a_later_run_begins_anew_with_files_of_its_own(tmp_path: Path) -> None:
    environment = make_environment()
    results, _ = make_results(environment, Options(series=(str(tmp_path / "run.jsonl"),)))
    for count in (3, 1):
        results.begin(run_header(environment))
        results.add(rows(count))
        results.conclude()
    results.close()
    assert [series_file.read(tmp_path / name).total.ok for name in ("run.jsonl", "run-2.jsonl")] == [60, 10]
    assert results.figures().successes == 10


def test_a_run_that_has_ended_writes_its_files_and_logs_its_summary(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    environment = make_environment()
    files = Options(failures=str(tmp_path / "failures.json"), junit=str(tmp_path / "junit.xml"))
    results, recording = make_results(environment, files)
    results.begin(run_header(environment))
    recording.failure_counts.add(TOO_MANY, time.time())
    results.add(rows(3, failed=1))
    caplog.set_level("INFO")
    results.log_summary()
    assert caplog.messages == []
    results.conclude()
    results.log_summary()
    assert "locust-asyncdjango: where this run saturated" in caplog.messages[-1]
    assert "3 x db_too_many_clients" in caplog.messages[-1]
    (failure,) = json.loads((tmp_path / "failures.json").read_text())["failures"]
    assert (failure["kind"], failure["count"]) == ("db_too_many_clients", 1)
    assert '<testsuites tests="0"' in (tmp_path / "junit.xml").read_text()
    results.close()


def test_nothing_is_concluded_before_a_run_has_begun(tmp_path: Path) -> None:
    results, _ = make_results(make_environment(), Options(junit=str(tmp_path / "junit.xml")))
    results.conclude()
    results.close()
    assert "it did not end" in (tmp_path / "junit.xml").read_text()


@pytest.mark.parametrize(
    ("limit", "locusts", "expected"),
    [("requests>5", None, EXIT_CROSSED), ("requests>5", 1, EXIT_CROSSED), ("requests>500", None, None)],
    ids=["crossed", "crossed, and requests failed", "not crossed"],
)
def test_a_crossed_threshold_sets_the_exit_code(limit: str, locusts: int | None, expected: int | None) -> None:
    environment = make_environment()
    environment.process_exit_code = locusts
    results, _ = make_results(environment, Options(fail_on=(parse_threshold(limit),)))
    results.begin(run_header(environment))
    results.add(rows(3))
    results.conclude()
    results.close()
    assert environment.process_exit_code == expected


def test_a_threshold_for_a_name_that_no_request_has_fails_the_run(caplog: pytest.LogCaptureFixture) -> None:
    environment = make_environment()
    limit = parse_threshold("p95{GET /post/}>800ms")
    results, _ = make_results(environment, Options(fail_on=(limit,), stop_on=(limit,)))
    results.begin(run_header(environment))
    results.add([Row(0, 1, 1, names={"GET /posts/": RequestSums(1)})])
    results.conclude()
    results.close()
    assert environment.process_exit_code == EXIT_CROSSED
    assert "--stop-on p95{GET /post/}>800ms: it was not checked" in caplog.text


@pytest.mark.parametrize(("locusts", "expected"), [(None, EXIT_NOT_MEASURED), (0, 0)])
def test_a_run_without_an_answer_is_not_measured(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, locusts: int | None, expected: int
) -> None:
    environment = make_environment()
    environment.process_exit_code = locusts
    results, _ = make_results(environment, Options(failures=str(tmp_path / "failures.json")))
    results.begin(run_header(environment))
    results.add([Row(0, 100), Row(1, 100, in_flight=100, in_flight_s=1.5)])
    results.conclude()
    results.close()
    assert environment.process_exit_code == expected
    caplog.set_level("INFO")
    results.log_summary()
    assert "NOT MEASURED no request was answered; in flight at the end: 100" in caplog.text
    written = json.loads((tmp_path / "failures.json").read_text())
    assert (written["in_flight"], written["in_flight_s"]) == (100, 1.5)
    assert results.figures_in_words()[-1].text == "100, the oldest for 1.5 s"


@pytest.mark.parametrize(("locusts", "expected"), [(None, EXIT_UNWRITTEN), (0, 0)])
def test_a_file_that_cannot_be_written_sets_the_exit_code_if_nothing_else_does(
    locusts: int | None, expected: int, caplog: pytest.LogCaptureFixture
) -> None:
    environment = make_environment()
    environment.process_exit_code = locusts
    results, _ = make_results(environment, Options(series=("/dev/full",)))
    results.begin(run_header(environment))
    results.close()
    assert environment.process_exit_code == expected
    (message,) = caplog.messages
    assert message.startswith("--series: cannot write /dev/full (No space left on device)")


def test_a_stop_threshold_is_reported_once() -> None:
    results, _ = make_results(make_environment(), Options(stop_on=(parse_threshold("requests>25"),)))
    results.add(rows(1))
    assert results.check_stop_on() is None
    results.add(rows(3)[1:])
    crossing = results.check_stop_on()
    assert crossing is not None
    assert crossing.text.startswith("requests>25: ")
    assert results.check_stop_on() is None


def test_a_generator_that_cannot_keep_up_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    results, _ = make_results(make_environment())
    results.add([Row(t, 5, 10, cpu=99.0) for t in range(11)])
    results.check_generator_health()
    results.check_generator_health()
    (message,) = caplog.messages
    assert "processor" in message


def run_that_ends_with(code: int, stdout: str = "", stderr: str = "") -> Callable[..., Any]:
    def run(argv: list[str], **_: Any) -> Any:
        return subprocess.CompletedProcess(argv, code, stdout, stderr)

    return run


ARGUMENTS = ["report", "run.jsonl", "--failures", "failures.json", "--output", "run.html"]
RETRY = "to make it later: locust-asyncdjango report run.jsonl --failures failures.json --output run.html"


def test_the_report_is_made_by_a_program_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", run_that_ends_with(0, "Report: run.html\n"))
    assert make_report(ARGUMENTS) == "Report: run.html"


def test_a_report_that_fails_says_why_and_how_to_make_it_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        subprocess, "run", run_that_ends_with(2, stderr="usage\nlocust-asyncdjango: error: this needs numpy\n")
    )
    with pytest.raises(OutputError) as raised:
        make_report(ARGUMENTS)
    assert str(raised.value) == f"--report: this needs numpy; {RETRY}"


def test_a_report_that_takes_too_long_says_how_to_make_it_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(argv: list[str], **_: Any) -> Any:
        raise subprocess.TimeoutExpired(argv, module.REPORT_DEADLINE_S)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(OutputError) as raised:
        make_report(ARGUMENTS)
    assert str(raised.value) == f"--report: making it took longer than 120 s; {RETRY}"
