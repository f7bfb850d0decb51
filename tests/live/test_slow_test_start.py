"""A listener to test_start that prepares something for seconds, alone and with workers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from locust_asyncdjango.metrics import series_file
from tests.support.programs import done, locust, two_workers, written
from tests.support.scripted_server import ScriptedServer, serve_script

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
LOCUSTFILE = """
import time
from locust import FastHttpUser, LoadTestShape, constant, events, task
import locust_asyncdjango.plugin
from locust_asyncdjango import arrival

class Mine(FastHttpUser):
    wait_time = {wait}
    @task
    def ask(self):
        self.client.get('/')

@events.test_start.add_listener
def prepare(environment, **_):
    print('begins to prepare', flush=True)
    time.sleep(4)
    print('is prepared', flush=True)
"""
OWN_SHAPE = """
class Climbing(LoadTestShape):
    def tick(self):
        t = self.get_run_time()
        return (int(t) + 1, 10) if t < 5 else None
"""


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve_script(lambda _: [OK]) as server:
        yield server


@pytest.mark.parametrize(("more", "processes"), [((), 1), (two_workers(), 3)], ids=["alone", "workers"])
@pytest.mark.parametrize(
    ("shape", "wait", "own"),
    [
        (("--shape", "Ramp:peak=20,rate=4,hold=1"), "constant(0.5)", ""),
        (("--shape", "ArrivalRate:rate=20,climb=1,hold=4,peak=20"), "arrival", ""),
        ((), "constant(0.5)", OWN_SHAPE),
    ],
    ids=["users", "an open model", "a shape of one's own"],
)
def test_it_runs_once_and_the_time_of_the_shape_begins_after_it(
    server: ScriptedServer,
    tmp_path: Path,
    more: tuple[str, ...],
    processes: int,
    shape: tuple[str, ...],
    wait: str,
    own: str,
) -> None:
    file, mine = tmp_path / "series.jsonl", written(tmp_path, LOCUSTFILE.replace("{wait}", wait) + own)
    flags = ("--headless", "--only-summary", *shape, *more)
    code, text = done(*locust("-f", mine, *flags, "-H", server.url, "--series", file))
    assert code == 0, text
    assert (text.count("begins to prepare"), text.count("is prepared")) == (processes, processes)
    seconds = [second for second in series_file.read(file).intervals if second.users]
    assert len(seconds) >= 4
    if wait == "arrival":
        # Five seconds are planned. The four of the listener would make nearly twice as many requests.
        assert sum(second.ok + second.missed for second in seconds) < 20 * 8
    else:
        assert seconds[0].users < 12
