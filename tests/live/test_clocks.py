"""Clocks of workers that differ, and clocks that are set while a run goes on."""

import json
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.metrics import series_file
from tests.support.loads import load_until, series_so_far
from tests.support.programs import locust, running, wait_for, written
from tests.support.scripted_server import ScriptedServer, serve_script

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
USERS = 4
LOCUSTFILE = """
import os, time
import gevent
ahead_s = float(os.environ.get("AHEAD_S", "0"))
clock = time.time
time.time = lambda: clock() + ahead_s

from locust import events, task
from locust_asyncdjango import FastUser

class Mine(FastUser):
    @task
    def ask(self):
        for _ in range(25):
            self.client.get('/')
            gevent.sleep(0.2)
        gevent.sleep(3600)

@events.test_start.add_listener
def set_the_clock(environment, **_):
    def set_clock():
        global ahead_s
        for step_s in map(float, filter(None, os.environ.get("STEPS_S", "").split())):
            gevent.sleep(1.5)
            ahead_s += step_s
    gevent.spawn(set_clock)
"""
LOAD = ("-u", str(USERS), "-r", str(USERS))
REQUESTS = 25 * USERS


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve_script(lambda _: [OK]) as server:
        yield server


def test_the_rows_of_workers_with_other_clocks_are_moved(server: ScriptedServer, tmp_path: Path) -> None:
    mine, series, failures = written(tmp_path, LOCUSTFILE), tmp_path / "series.jsonl", tmp_path / "failures.json"
    port = str(free_port())
    master = ("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--expect-workers", "2")
    worker = locust("-f", mine, "--worker", "--master-host", "127.0.0.1", "--master-port", port)
    files = ("--headless", "--only-summary", "--series", series, "--failures", failures)
    began_s = time.monotonic()
    with (
        running(*locust("-f", mine, *LOAD, *master, "-H", server.url, *files)) as program,
        running(*worker, env={"AHEAD_S": "40"}) as ahead,
        running(*worker, env={"AHEAD_S": "-40"}) as behind,
    ):
        wait_for(lambda: series_so_far(series).total.ok >= REQUESTS, lambda: program.text)
        program.signal(signal.SIGINT)
        assert (program.end(), ahead.end(), behind.end()) == (0, 0, 0), program.text
        text = program.text
    assert "s ahead of the master's. Its times are moved by that" in text
    assert "s behind the master's. Its times are moved by that" in text
    assert "GENERATOR PROBLEM clocks of workers differ from the master's by up to 40" in text
    recorded = series_file.read(series)
    assert max(second.users for second in recorded.intervals) == USERS
    assert recorded.total.ok == len(server.received) == REQUESTS
    assert recorded.total.t <= time.monotonic() - began_s
    assert json.loads(failures.read_text())["failures"] == []


@pytest.mark.parametrize("steps", ["30 -30", "-30 30"])
def test_a_clock_that_is_set_loses_and_doubles_nothing(server: ScriptedServer, tmp_path: Path, steps: str) -> None:
    mine, series, began_s = written(tmp_path, LOCUSTFILE), tmp_path / "series.jsonl", time.monotonic()
    code, text, recorded = load_until(
        lambda series: series.total.ok >= REQUESTS, series, "-f", mine, *LOAD, "-H", server.url, env={"STEPS_S": steps}
    )
    assert code == 0, text
    lines = [json.loads(line)["t"] for line in series.read_text().splitlines()[1:]]
    assert lines == list(range(len(lines)))
    assert recorded.total.ok == len(server.received) == REQUESTS
    assert recorded.total.t <= time.monotonic() - began_s
