"""A worker that joins a run that goes on, and whose init takes its time; and one that is killed meanwhile."""

import signal
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.metrics import series_file
from locust_asyncdjango.metrics.interval import Interval
from tests.support.programs import locust, running, wait_for, written
from tests.support.scripted_server import ScriptedServer, serve_script

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
USERS = 6
RATE = 20
LOCUSTFILE = """
import os
import gevent
from locust import FastHttpUser, constant, events, task

@events.init.add_listener
def take_time(environment, **_):
    if os.environ.get("LATE"):
        while not started:
            gevent.sleep(0.01)
        gevent.sleep(1)
        print("is set up", flush=True)

started = []

@events.test_start.add_listener
def note(environment, **_):
    started.append(True)

from locust_asyncdjango import arrival

class Mine(FastHttpUser):
    wait_time = {wait}
    @task
    def ask(self):
        self.client.get('/')
"""


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve_script(lambda _: [OK]) as server:
        yield server


@pytest.mark.parametrize(
    ("wait", "load"),
    [
        pytest.param("constant(0.2)", ("-u", str(USERS), "-r", str(USERS)), id="users"),
        pytest.param(
            "arrival",
            ("--shape", f"ArrivalRate:rate={RATE},climb=1,hold=900,peak={USERS},arrivals=uniform"),
            id="an open model",
        ),
    ],
)
def test_a_late_worker_is_in_the_series_at_once(
    server: ScriptedServer, tmp_path: Path, wait: str, load: tuple[str, ...]
) -> None:
    mine, file, port = (
        written(tmp_path, LOCUSTFILE.replace("{wait}", wait)),
        tmp_path / "series.jsonl",
        str(free_port()),
    )
    flags = ("--headless", "--only-summary", "--enable-rebalancing", "--expect-workers", "1", *load)
    master = ("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port)
    worker = locust("-f", mine, "--worker", "--master-host", "127.0.0.1", "--master-port", port)
    with (
        running(*locust("-f", mine, *flags, *master, "-H", server.url, "--series", file)) as program,
        running(*worker) as first,
    ):
        wait_for(lambda: len(seconds_of(file)) > 3, lambda: program.text)
        with running(*worker, env={"LATE": "1"}) as late:
            late.wait_for("is set up")
            joined_s = len(seconds_of(file))

            def is_complete() -> bool:
                later = seconds_of(file)[joined_s:]
                return sum(second.users == USERS and second.ok > 0 for second in later) >= 4

            wait_for(is_complete, lambda: program.text + late.text)  # while the run goes on
            program.signal(signal.SIGINT)
            assert (program.end(), first.end(), late.end()) == (0, 0, 0), program.text + late.text
    total = series_file.read(file).total
    # Locust may have stopped each user within a request: when the worker joined, and at the end.
    assert total.ok <= len(server.received) <= total.ok + 2 * USERS
    if wait == "arrival":
        assert total.ok <= RATE * (total.t + 1) + 10


def test_a_worker_that_is_killed_is_named(server: ScriptedServer, tmp_path: Path) -> None:
    mine, file, port = (
        written(tmp_path, LOCUSTFILE.replace("{wait}", "constant(0.2)")),
        tmp_path / "s.jsonl",
        free_port(),
    )
    master = ("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(port), "--expect-workers", "2")
    flags = ("--headless", "--only-summary", "-u", str(USERS), "-r", str(USERS), "-H", server.url, "--series", file)
    worker = locust("-f", mine, "--worker", "--master-host", "127.0.0.1", "--master-port", str(port))
    with (
        running(*locust("-f", mine, *flags, *master)) as program,
        running(*worker) as first,
        running(*worker) as second,
    ):
        wait_for(lambda: len(seconds_of(file)) > 3, lambda: program.text)
        second.signal(signal.SIGKILL)
        second.end()
        wait_for(lambda: any(second.lost_workers for second in seconds_of(file)), lambda: program.text)
        program.signal(signal.SIGINT)
        assert (program.end(), first.end()) == (0, 0), program.text
        assert "GENERATOR PROBLEM 1 worker ended or could not be reached" in " ".join(program.text.split())


def seconds_of(file: Path) -> Sequence[Interval]:
    """Return the seconds of a run so far; none before it has begun."""
    try:
        return series_file.read(file).intervals
    except series_file.SeriesError:
        return ()
