"""Failures where a user looks for them: the summary, the files, the exit code; with and without workers."""

import json
import signal
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.metrics import series_file
from tests.support.programs import (
    Running,
    done,
    locust,
    running,
    two_workers,
    wait_for_lines,
    written,
)
from tests.support.responses import http_response
from tests.support.scripted_server import serve_script

IO_READ = locustfile("io_read")
SHORT = ["--headless", "-u", "5", "-r", "5", "-t", "3s", "--only-summary"]


def test_a_threshold_that_is_crossed_fails_the_run(other_url: str, tmp_path: Path) -> None:
    limits: list[str | Path] = [
        "--fail-on",
        "db_too_many_clients>0",
        "--fail-on",
        "p95>60s",
        "--fail-on",
        "ratio>50% for 1s",
    ]
    files: list[str | Path] = ["--failures", tmp_path / "failures.json", "--junit", tmp_path / "junit.xml"]
    code, text = done(*locust("-f", IO_READ, *SHORT, "-H", other_url, "--path", "/full/", *limits, *files))
    assert code == 3
    assert "  FAILED db_too_many_clients>0: " in text
    assert "  FAILED ratio>50% for 1s: 100% at " in text
    assert "FAILED p95" not in text

    document = json.loads((tmp_path / "failures.json").read_text())
    (row,) = document["failures"]
    assert (row["kind"], row["where"], row["origin"]) == ("db_too_many_clients", "server", "database")
    assert row["message"] == "HTTP 500, FATAL: sorry, too many clients already"
    assert f"{row['count']} x HTTP 500, FATAL: sorry, too many clients already" in text
    assert {sample["body"] for sample in document["samples"]} == {"<pre>FATAL:  sorry, too many clients already</pre>"}

    suites = {suite.get("name"): suite for suite in ElementTree.fromstring((tmp_path / "junit.xml").read_text())}
    failed = {case.get("name"): case.find("failure") is not None for case in suites["thresholds"]}
    assert failed == {"db_too_many_clients>0": True, "p95>60s": False, "ratio>50% for 1s": True}
    assert [case.get("name") for case in suites["requests"]] == ["GET /full/"]


def test_a_run_is_stopped_at_once(other_url: str, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    load = ["--headless", "-u", "5", "-r", "5", "-t", "10m", "--only-summary", "--stop-on", "failures>20"]
    code, text = done(*locust("-f", IO_READ, *load, "-H", other_url, "--path", "/full/", "--junit", junit))
    assert code == 1  # Locust's rule: requests failed
    assert "  stopped by failures>20: " in text
    cases = ElementTree.fromstring(junit.read_text()).iter("testcase")
    failures = [failure for case in cases if (failure := case.find("failure")) is not None]
    assert "x db_too_many_clients: HTTP 500, FATAL: sorry, too many clients already" in (failures[0].text or "")


def test_rules_of_a_locustfile_and_checks_of_a_fast_user(other_url: str, tmp_path: Path) -> None:
    mine = written(
        tmp_path,
        "from locust import task\n"
        "from locust_asyncdjango import FastUser, add_rule\n"
        "add_rule('posts_missing', text='no posts', origin='upstream', advice='restore the posts')\n"
        "class Mine(FastUser):\n"
        "    @task\n"
        "    def check(self):\n"
        "        with self.client.get('/blog/latest/', catch_response=True) as response:\n"
        "            response.failure('no posts on page 7')\n"
        "    @task\n"
        "    def other(self):\n"
        "        with self.client.get('/blog/latest/', name='other', catch_response=True) as response:\n"
        "            response.failure('not like 8')\n",
    )
    _, text = done(*locust("-f", mine, *SHORT, "-H", other_url))
    assert "GET /blog/latest/: posts_missing: no posts on page N" in text  # in Locust's own table
    assert "GET other: check_failed: not like N" in text
    assert "      -> restore the posts" in text


def test_files_that_cannot_be_written_to_their_end_do_not_stop_the_measuring(other_url: str, tmp_path: Path) -> None:
    junit = tmp_path / "junit.xml"
    junit.write_text("of a former run")
    files: list[str | Path] = ["--series", "/dev/full", "--junit", junit]
    load: list[str | Path] = ["--headless", "-u", "5", "-r", "5", "-t", "10m", "--only-summary", "-H", other_url]
    stop = ["--path", "/blog/latest/", "--stop-on", "requests>50"]
    code, text = done(*locust("-f", IO_READ, *load, *files, *stop))
    assert code == 1
    reason = "cannot write /dev/full (No space left on device); later seconds are missing from it; free some space"
    assert text.count(f"--series: {reason}") == 1
    assert "Traceback" not in text
    assert "  stopped by requests>50: " in text
    assert "GET /blog/latest/" in junit.read_text()


def test_what_no_encoding_can_write_is_counted_by_workers_too() -> None:
    odd = b'{"detail": "bad \\ud800 char"}'
    with serve_script(lambda _: [0.05, http_response(500, odd, "Content-Type: application/json")]) as server:
        load = ["--headless", "-u", "4", "-r", "4", "-t", "3s", "--only-summary", "--fail-on", "app_error>0"]
        code, text = done(*locust("-f", IO_READ, *load, *two_workers(), "-H", server.url))
    assert code == 3
    assert "app_error: HTTP 500, bad ? char" in text


def test_a_request_that_cannot_be_recorded_is_counted_and_disturbs_nothing(other_url: str, tmp_path: Path) -> None:
    mine = written(
        tmp_path,
        "from locust import HttpUser, task\n"
        "import locust_asyncdjango.plugin\n"
        "class Many:\n"
        "    def __radd__(self, total): return total\n"
        "class Odd(HttpUser):\n"
        "    @task\n"
        "    def odd(self):\n"
        "        self.client.get('/blog/latest/')\n"
        "        self.environment.events.request.fire(request_type='X', name='odd', response_time=1,\n"
        "            response_length=Many(), exception=None)\n",
    )
    with running(*locust("-f", mine, "--headless", "-u", "1", "-t", "2s", "-H", other_url)) as program:
        assert program.end() == 0, program.text
        assert program.text.count("A request could not be recorded. Later ones are only counted, for the summary") == 1
        (unrecorded,) = (line for line in program.text.splitlines() if "requests could not be recorded" in line)
        assert int(unrecorded.split()[0]) > 1


FAILING = """
import os
from locust import FastHttpUser, constant, events, task
import locust_asyncdjango.plugin

truth = os.open(os.environ["TRUTH"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
whose = os.path.basename(os.environ["TRUTH"])

@events.request.add_listener
def count(**_):
    os.write(truth, b".")

class Failing(FastHttpUser):
    wait_time = constant(0.002)
    @task
    def fail(self):
        with self.client.get("/blog/latest/", catch_response=True) as response:
            response.failure("at " + whose)
"""


def counted(failures: Path) -> dict[str, int]:
    """Return the failures of each worker."""
    document: dict[str, Any] = json.loads(failures.read_text())
    return {row["message"].removeprefix("at "): row["count"] for row in document["failures"]}


def test_no_count_is_lost_or_doubled_when_workers_come_and_go_and_on_ctrl_c(other_url: str, tmp_path: Path) -> None:
    mine, port = written(tmp_path, FAILING), str(free_port())
    failures, rows = tmp_path / "failures.json", tmp_path / "series.jsonl"

    def truth(name: str) -> int:
        return (tmp_path / name).stat().st_size

    def env(name: str) -> dict[str, str]:
        return {"TRUTH": str(tmp_path / name)}

    load = ["--headless", "-u", "6", "-r", "6", "-t", "10m", "--only-summary", "--expect-workers", "2", "-H", other_url]
    bound = ["--master", "--master-bind-port", port, "--fail-on", "check_failed>0"]
    master = locust("-f", mine, *load, *bound, "--series", rows, "--failures", failures)
    worker = locust("-f", mine, "--worker", "--master-port", port)
    with (
        running(*master, env=env("master")) as leading,
        running(*worker, env=env("early")) as early,
        running(*worker, env=env("killed")) as killed,
    ):
        wait_for_lines(leading, rows, 2)
        killed.signal(signal.SIGKILL)
        killed.end()
        with running(*worker, env=env("late")) as late:
            wait_for_some(late, tmp_path / "late")
            # As a terminal's Ctrl-C: to all of them at once.
            for program in (early, late, leading):
                program.signal(signal.SIGINT)
            early.end()
            late.end()
            assert leading.end() == 3, leading.text
    counts = counted(failures)
    # The signal may strike a worker while it counts a request: behind the file's count, and before or amid ours.
    assert all(truth(name) - counts[name] in (0, 1) for name in ("early", "late")), (
        counts,
        truth("early"),
        truth("late"),
    )
    assert 0 < counts["killed"] <= truth("killed")
    assert abs(sum(counts.values()) - sum(row.failed.total() for row in series_file.read(rows).intervals)) <= 2
    assert set(counts) == {"early", "killed", "late"}


def wait_for_some(program: Running, file: Path) -> None:
    """Wait until a worker has made requests."""
    wait_for_lines(program, file, 0)
    while file.stat().st_size < 20:
        assert program.popen.poll() is None, program.text
