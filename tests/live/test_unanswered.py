"""Requests that a server never answers: they count, with each client, and with workers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from locust_asyncdjango.metrics import series_file
from tests.support.programs import done, locust, two_workers, written
from tests.support.scripted_server import ReceivedRequest, ScriptedServer, Step, serve_script

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
NEVER = [3600.0]
USERS = 12
CLIENTS = """
import gevent
from locust import FastHttpUser, HttpUser, constant, task
from locust_asyncdjango import FastUser

class Ours(FastUser):
    wait_time = constant(0.1)
    @task
    def ask(self): self.client.get('/silent')

class Fast(FastHttpUser):
    @task
    def ask(self): gevent.spawn(self.client.get, '/silent').join()

class Slow(HttpUser):
    @task
    def ask(self):
        with self.client.get('/silent', catch_response=True) as response:
            response.success()
"""
LOAD = ("--headless", "--only-summary", "-u", str(USERS), "-r", str(USERS), "-t", "3s")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server that answers each path but /silent."""

    def script(request: ReceivedRequest) -> list[Step]:
        return [*NEVER] if request.path == "/silent" else [OK]

    with serve_script(script) as server:
        yield server


@pytest.mark.parametrize("more", [(), ("--stop-timeout", "1"), two_workers()], ids=["alone", "stop-timeout", "workers"])
def test_a_run_without_an_answer_is_not_measured(server: ScriptedServer, tmp_path: Path, more: tuple[str, ...]) -> None:
    files = {name: tmp_path / name for name in ("series.jsonl", "failures.json", "junit.xml")}
    flags = [part for name, path in files.items() for part in (f"--{name.partition('.')[0]}", path)]
    code, text = done(*locust("-f", written(tmp_path, CLIENTS), *LOAD, *more, "-H", server.url, *flags))
    assert code == 1, text
    assert f"NOT MEASURED no request was answered; in flight at the end: {USERS}" in text
    assert len(server.received) == USERS
    total = series_file.read(files["series.jsonl"]).total
    assert (total.in_flight, total.ok, total.failed.total()) == (USERS, 0, 0)
    assert json.loads(files["failures.json"].read_text())["in_flight"] == USERS
    assert f'message="no request was answered; in flight at the end: {USERS}, ' in files["junit.xml"].read_text()


def test_what_is_answered_is_measured_and_the_rest_is_in_flight(server: ScriptedServer, tmp_path: Path) -> None:
    mine = written(
        tmp_path,
        "from locust import task\nfrom locust_asyncdjango import FastUser\n"
        "class Mine(FastUser):\n"
        "    @task\n    def ask(self):\n        self.client.get('/')\n        self.client.get('/silent')\n",
    )
    file, report = tmp_path / "series.jsonl", tmp_path / "run.html"
    code, text = done(*locust("-f", mine, *LOAD, "-H", server.url, "--series", file, "--report", report))
    assert code == 0, text
    assert "NOT MEASURED" not in text
    total = series_file.read(file).total
    assert (total.ok, total.in_flight) == (USERS, USERS)
    figures = json.loads(report.with_suffix(".json").read_text())
    assert figures["saturation"]["in_flight"] == USERS
    texts = {figure["name"]: figure["text"] for figure in figures["key_figures"]}
    assert texts["in flight at the end"].startswith(f"{USERS}, the oldest for ")
