"""Shapes in Locust: each way to choose one, with and without workers, and what they conclude."""

import json
import os
import re
import signal
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.metrics import series_file
from tests.support.programs import (
    done,
    locust,
    running,
    two_workers,
    wait_for,
    wait_for_page,
    written,
)

IO_READ = locustfile("io_read")
ROOT = Path(__file__).parents[2]
HEADLESS = ("--headless", "--only-summary", "--path", "/blog/latest/")
SLOTS = 5
DOES_NOT_WAIT = """
from locust import HttpUser, task
import locust_asyncdjango.plugin


class Mine(HttpUser):
    @task
    def ask(self):
        pass
"""


@pytest.fixture(scope="module")
def slots_url() -> Iterator[str]:
    """A server that works on five requests at once, each for a fifth of a second."""
    port = str(free_port())
    argv = (sys.executable, "-m", "uvicorn", "--factory", "planted_site:create_site", "--port", port)
    planted = {"PLANTED_KIND": "slots", "PLANTED_SLOTS": str(SLOTS), "PLANTED_SERVICE_MS": "200"}
    env = {**os.environ, **planted, "PYTHONPATH": str(ROOT / "benchmarks" / "sites")}
    with running(*argv, "--log-level", "warning", "--no-access-log", env=env) as program:
        wait_for_page(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}"
        program.signal(signal.SIGTERM)
        program.end()


def test_the_catalogue_is_listed() -> None:
    code, text = done(*locust("-f", IO_READ, "--shape", "list"))
    assert code == 0
    assert "\nSpike:peak=100,rate=100,base=10,before=30,hold=20,after=60\n" in text


def test_a_shape_with_parameters_is_recorded_with_its_plan(other_url: str, tmp_path: Path) -> None:
    file = tmp_path / "series.jsonl"
    shape = "Stages:plan=2s:20/3s:20/2s:4"
    code, text = done(*locust("-f", IO_READ, "--shape", shape, *HEADLESS, "-H", other_url, "--series", file))
    assert code == 0, text
    recorded = series_file.read(file)
    assert (recorded.header["shape"], recorded.header["run_time"]) == (shape, 7)
    assert {second.planned for second in recorded.intervals} >= {20}
    assert max(second.users for second in recorded.intervals) == 20
    assert "GENERATOR PROBLEM" not in text


def test_a_file_of_the_catalogue_beside_ones_own(other_url: str, tmp_path: Path) -> None:
    file = tmp_path / "series.jsonl"
    spike = ROOT / "shapes" / "spike.py"
    load = ("-u", "20", "-t", "3s", "-H", other_url, "--series", file)
    code, text = done(*locust("-f", f"{IO_READ},{spike}", *HEADLESS, *load))
    assert code == 0, text
    assert series_file.read(file).header["shape"] == "Spike"


def test_a_shape_of_ones_own_by_its_module(other_url: str, tmp_path: Path) -> None:
    (tmp_path / "mine_to_choose.py").write_text(
        "from locust import LoadTestShape\nclass Mine(LoadTestShape):\n    def tick(self):\n        return 7, 7\n"
    )
    file = tmp_path / "series.jsonl"
    load = ("--shape", "mine_to_choose:Mine", "-t", "3s", "-u", "9", "-H", other_url, "--series", file)
    code, text = done(*locust("-f", IO_READ, *HEADLESS, *load), cwd=tmp_path)
    assert code == 0, text
    assert "Mine decides on users and rate by itself: -u and -r have no effect" in text
    assert max(second.users for second in series_file.read(file).intervals) == 7


def test_the_class_picker_offers_the_catalogue(other_url: str) -> None:
    port = str(free_port())
    ui = f"http://127.0.0.1:{port}"
    flags = ("--class-picker", "--web-host", "127.0.0.1", "--web-port", port, "--path", "/blog/latest/")
    with running(*locust("-f", IO_READ, *flags)) as program:
        page = wait_for_page(ui)
        assert all(f'"{name}"' in page for name in ("Sawtooth", "Breakpoint", "ArrivalRate"))
        for run, name in enumerate(("Steps", "Spike"), 1):
            form = {"user_count": "20", "spawn_rate": "20", "run_time": "2s", "host": other_url}
            form |= {"user_classes": "IoReadUser", "shape_class": name}
            with urllib.request.urlopen(f"{ui}/swarm", urllib.parse.urlencode(form).encode()) as response:
                assert json.loads(response.read())["message"] == f"Swarming started using shape class '{name}'"
            program.wait_for(rf"(?s)(where this run saturated.*){{{run}}}")
        program.signal(signal.SIGINT)
        program.end()
        assert program.left_behind() == []


def test_a_climb_needs_few_of_locusts_messages(other_url: str, tmp_path: Path) -> None:
    file = tmp_path / "series.jsonl"
    load = ("--shape", "Stages:plan=5s:50/4s:50/4s:10/3s:10", "-H", other_url, "--series", file)
    code, text = done(*locust("-f", IO_READ, *HEADLESS, *load, *two_workers(), "--loglevel", "INFO"))
    assert code == 0, text
    seconds = series_file.read(file).intervals
    assert max(second.users for second in seconds) == 50
    assert 10 in [second.users for second in seconds[-6:]]
    # Of 16 seconds, in 9 of which the number of users changes.
    assert text.count("Sending spawn jobs of") <= 6


def test_an_open_model_begins_what_is_due(other_url: str, tmp_path: Path) -> None:
    file = tmp_path / "series.jsonl"
    shape = "ArrivalRate:peak=30,rate=20,climb=1,hold=3,arrivals=uniform"
    for workers in ((), two_workers()):
        code, text = done(
            *locust("-f", IO_READ, *HEADLESS, *workers, "--shape", shape, "-H", other_url, "--series", file)
        )
        assert code == 0, text
        seconds = series_file.read(file).intervals
        begun = sum(second.ok + second.missed for second in seconds)
        assert 30 <= begun <= 20 * len(seconds) + 4, text


def test_a_user_of_ones_own_waits_for_arrivals(other_url: str, tmp_path: Path) -> None:
    mine = written(
        tmp_path,
        "from locust import HttpUser, task\n"
        "import locust_asyncdjango.plugin\n"
        "from locust_asyncdjango import arrival\n"
        "class Mine(HttpUser):\n"
        "    wait_time = arrival\n"
        "    def on_start(self):\n"
        "        self.started = True\n"
        "    @task\n"
        "    def ask(self):\n"
        "        assert self.started\n"
        "        self.client.get('/blog/latest/')\n",
    )
    file = tmp_path / "series.jsonl"
    load = ("--shape", "ArrivalRate:peak=20,rate=10,climb=1,hold=4", "-H", other_url, "--series", file)
    code, text = done(*locust("-f", mine, "--headless", "--only-summary", *load))
    assert code == 0, text
    seconds = series_file.read(file).intervals
    begun = sum(second.ok + second.missed for second in seconds)
    assert 10 <= begun <= 10 * len(seconds) + 30  # the mean is 45, and Poisson counts differ by 7


def test_a_user_who_does_not_wait_is_no_user_of_an_open_model(tmp_path: Path) -> None:
    mine = written(tmp_path, DOES_NOT_WAIT)
    code, text = done(*locust("-f", mine, "--headless", "--shape", "ArrivalRate", "--loglevel", "WARNING"))
    assert (code, text) == (
        2,
        "locust: error: Mine does not wait until a request of ArrivalRate is due;"
        " give it wait_time = locust_asyncdjango.arrival\n",
    )


def test_an_open_model_without_users_for_it_is_stopped_in_the_web_ui(tmp_path: Path) -> None:
    mine = written(tmp_path, DOES_NOT_WAIT)
    port = str(free_port())
    ui = f"http://127.0.0.1:{port}"
    with running(*locust("-f", mine, "--class-picker", "--web-host", "127.0.0.1", "--web-port", port)) as program:
        wait_for_page(ui)
        chosen = {"user_classes": "Mine", "shape_class": "ArrivalRate", "host": ui}
        urllib.request.urlopen(f"{ui}/swarm", urllib.parse.urlencode(chosen).encode()).close()
        program.wait_for("Mine does not wait until a request of ArrivalRate is due; give it wait_time")

        def is_stopped() -> bool:
            return bool(json.loads(wait_for_page(f"{ui}/stats/requests"))["state"] == "stopped")

        wait_for(is_stopped, lambda: program.text)
        assert "GENERATOR PROBLEM" not in program.text


def test_the_latency_of_an_open_model_has_what_waited_for_users(slots_url: str, tmp_path: Path) -> None:
    # 50 requests a second where 25 are carried: each waits longer than those before, though none takes long by itself.
    file = tmp_path / "series.jsonl"
    shape = "ArrivalRate:peak=5,rate=50,climb=1,hold=3"
    code, text = done(*locust("-f", IO_READ, *HEADLESS, "--shape", shape, "-H", slots_url, "--series", file))
    assert code == 0, text
    seconds = series_file.read(file).intervals
    latencies = [second.p50_ms for second in seconds if second.p50_ms]
    assert latencies[-1] > 2 * latencies[0]
    assert sum(second.missed for second in seconds) > 10
    problem = r"GENERATOR PROBLEM of \d+ requests that were due, \d+ began late and \d+ never began \(latencies count"
    assert re.search(problem, re.sub(r"\s+", " ", text))


def test_a_breakpoint_is_found(slots_url: str, tmp_path: Path) -> None:
    file = tmp_path / "series.jsonl"
    shape = "Breakpoint:peak=20,settle=1,hold=1,resolution=30%"
    code, text = done(*locust("-f", IO_READ, *HEADLESS, "--shape", shape, "-H", slots_url, "--series", file))
    assert code == 0, text
    answer = re.search(r"  carries (\d+) users \(", text)
    assert answer, text
    assert SLOTS / 2 <= int(answer[1]) <= SLOTS * 2  # benchmarks/shape_accuracy.py measures how near it comes
    assert find_saturation(series_file.read(file).intervals).successes > 100


def test_a_breakpoint_by_a_bound_on_latency(slots_url: str) -> None:
    shape = "Breakpoint:peak=32,settle=1,hold=2,p95=500ms,resolution=50%"
    code, text = done(*locust("-f", IO_READ, *HEADLESS, "--shape", shape, "-H", slots_url))
    assert code == 0, text
    assert re.search(r"carries \d+ users \(\d+-\d+\), [\d.]+ req/s: at \d+ p95 was \d+ ms", re.sub(r"\s+", " ", text))


def test_an_interrupt_that_comes_while_a_shape_computes_is_no_error(other_url: str, tmp_path: Path) -> None:
    (tmp_path / "computing.py").write_text(
        "import signal\nfrom locust import LoadTestShape\nclass Mine(LoadTestShape):\n    def tick(self):\n"
        "        if self.get_run_time() > 2:\n            signal.raise_signal(signal.SIGINT)\n        return 3, 3\n"
    )
    code, text = done(*locust("-f", IO_READ, *HEADLESS, "--shape", "computing:Mine", "-H", other_url), cwd=tmp_path)
    assert (code, "where this run saturated" in text) == (0, True), text


def test_a_search_that_is_stopped_says_what_it_has_found(slots_url: str, tmp_path: Path) -> None:
    report, failures = tmp_path / "run.html", tmp_path / "failures.json"
    outputs = ("--report", report, "--failures", failures)
    load = ("--shape", "Breakpoint:peak=64,settle=1,hold=3", "-H", slots_url, *outputs)
    with running(*locust("-f", IO_READ, *HEADLESS, *load)) as program:
        program.wait_for(r"\d users: [\d.]+ req/s, carried")
        program.signal(signal.SIGTERM)
        assert program.end() == 0, program.text
        assert program.left_behind() == []
        answer = r"carries \d+ users? at least, [\d.]+ req/s: (nothing|\d+) broke( once)?; give it more time \(-t\)"
        assert re.search(answer, re.sub(r"\s+", " ", program.text)), program.text
    assert re.search(r"Breakpoint\S+ carries \d+ users? at least", report.read_text())
    assert json.loads(failures.read_text())["interrupted_by"] == "SIGTERM"
