"""The lab's runs under latency and on servers of the user's own, and every server side by side."""

import json
import re
import secrets
import signal
import socket
from contextlib import suppress
from pathlib import Path
from typing import Any

import django
import psutil

from locust_asyncdjango.lab.commands.ports import ports_in_a_row
from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.process import port_is_free
from locust_asyncdjango.lab.environment.servers import SERVERS
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.result import NO_PREFLIGHT
from locust_asyncdjango.metrics import series_file
from locust_asyncdjango.probe.protocol import PREFLIGHT_PATH, TOKEN_VARIABLE
from tests.support.programs import DEADLINE_S, done, lab, running, wait_for_lines, wait_for_page
from tests.support.proxy import receive_all
from tests.support.site_fixtures import POSTS, TOKEN

WAITRESS = ["{python}", "-m", "waitress", "--listen=127.0.0.1:{port}", "--threads=2", "{application}"]
SMALL = ("--posts", str(POSTS), "-u", "2", "-r", "2", "-t", "4s", "--client-latency-ms", "25")


def results_in(output: Path) -> dict[str, dict[str, Any]]:
    return {path.parent.name: json.loads(path.read_text()) for path in output.glob("trials/*/result.json")}


def test_each_round_trip_takes_the_latency_and_the_token_of_a_start_is_known_to_the_server_alone(
    tmp_path: Path,
) -> None:
    output = tmp_path / "results"
    latency = ("--latency-ms", "0,50", "--client-latency-ms", "30")
    command = lab("run", "--routes", "io_create", "--servers", "gunicorn-uvicorn", *SMALL, *latency, "--output", output)
    with running(*command) as program:
        wait_for_lines(program, output / "trials" / "io_create-gunicorn-uvicorn.unfinished" / "series.jsonl", 1)
        tokens, command_lines = set(), []
        for process in psutil.Process(program.popen.pid).children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                tokens.add(process.environ().get(TOKEN_VARIABLE))
                command_lines.append(process.cmdline())
        assert program.end() == 0, program.text
        text = program.text
    (token,) = tokens - {None}
    assert token
    assert token not in text
    assert [line for line in command_lines if token in " ".join(line)] == []
    assert [path for path in output.rglob("*") if path.is_file() and token in path.read_text()] == []

    near, far = (results_in(output)[f"io_create-gunicorn-uvicorn{ending}"] for ending in ("", "-50ms"))
    assert near["site"]["database"]["round_trip_ms"] < 50 <= far["site"]["database"]["round_trip_ms"]
    assert (near["figures"]["failures"], far["figures"]["failures"]) == ([], [])
    fastest = {
        folder.name: min(series_file.read(folder / "series.jsonl").total.ok_ms) for folder in output.glob("trials/*")
    }
    assert fastest["io_create-gunicorn-uvicorn"] >= 30
    # TCP, startup, two steps of the password, the query: five at the least.
    assert fastest["io_create-gunicorn-uvicorn-50ms"] >= 30 + 5 * 50
    assert "io_create on gunicorn-uvicorn (50 ms latency, 30 ms to the users): no request failed" in text


def test_servers_and_the_database_of_the_users_own(
    database_url: str, wsgi_url: str, other_url: str, tmp_path: Path
) -> None:
    output, file = tmp_path / "results", tmp_path / "experiment.toml"
    file.write_text(
        f"""
        routes = ["orm_get"]
        servers = ["mine", "wrong", "there", "other"]
        posts = {POSTS}
        users = 2
        spawn_rate = 2
        run_time = "4s"
        client_latency_ms = 25
        [server.mine]
        argv = {json.dumps(WAITRESS)}
        interface = "wsgi"
        slots = 2
        [server.wrong]
        argv = {json.dumps(WAITRESS)}
        interface = "wsgi"
        slots = 3
        [server.there]
        url = "{wsgi_url}"
        interface = "wsgi"
        slots = 1
        [server.other]
        url = "{other_url}"
        interface = "wsgi"
        """
    )
    env = {"DATABASE_URL": database_url, TOKEN_VARIABLE: TOKEN}
    code, text = done(*lab("run", file, "--run-time", "3s", "--output", output), env=env)
    assert code == 1, text
    assert [path for path in output.rglob("*") if path.is_file() and TOKEN in path.read_text()] == []
    mine, there, other = (results_in(output)[f"orm_get-{name}"] for name in ("mine", "there", "other"))
    assert mine["site"]["slots"] == {"processes": 1, "most_in_flight": 2, "sent": 5}
    assert mine["peak_usage"]["connections"] is None
    assert there["site"]["server"] == "gunicorn sync"
    assert other["site"] == {"preflight": NO_PREFLIGHT}
    assert [result["figures"]["successes"] > 0 for result in (mine, there, other)] == [True] * 3
    wrong = results_in(output)["orm_get-wrong"]
    refused = "wrong is not what its label says: of 6 requests at once a process had 2 in flight, not 3"
    assert (wrong["figures"], wrong["error"]) == (None, refused)
    assert f"orm_get on wrong (25 ms to the users): not measured: {refused}" in text
    assert json.loads((output / "experiment.json").read_text())["experiment"]["load"]["run_time"] == "3s"
    report = (output / "report.md").read_text()
    for server, program in (("mine", "waitress"), ("there", "gunicorn sync")):
        assert re.search(
            rf"^- {server}: {program} [\d.]+, python .*, django {django.__version__}, ", report, re.MULTILINE
        )
    assert re.search(r"^\| orm_get .*: mine \| \d+ \| \d+ \| unknown \|", report, re.MULTILINE)
    for page in (text, report):
        assert f"other: {NO_PREFLIGHT}" in page
    wait_for_page(f"{wsgi_url}/healthz")  # what ran already is not stopped


def first_port_of(count: int) -> int:
    """The first of so many free ports in a row."""
    while True:
        try:
            # Below those that the system gives to connections.
            return ports_in_a_row(10_000 + secrets.randbelow(20_000), count)[0]
        except UsageError:
            continue


def test_every_server_side_by_side(tmp_path: Path) -> None:
    port = first_port_of(len(SERVERS))
    serve = lab("serve", "--all", "--port", str(port), "--posts", str(POSTS))
    with running(*serve, env={TOKEN_VARIABLE: TOKEN}, cwd=tmp_path) as program:
        program.wait_for(r" waitress +http")
        for name, server_port in zip(SERVERS, range(port, port + len(SERVERS)), strict=True):
            assert f"{name}: http://127.0.0.1:{server_port}\n" in program.text
            row = re.search(rf" {name} +http://127.0.0.1:{server_port} +{SERVERS[name].interface} .+\n", program.text)
            assert row, program.text
            processes, memory_mb = map(int, row[0].split()[-3:-1])
            assert (processes >= 1, memory_mb >= 10) == (True, True)
            site = Site(f"http://127.0.0.1:{server_port}", TOKEN)
            assert json.loads(site.read(PREFLIGHT_PATH, DEADLINE_S))["server"] == SERVERS[name].identity
        stats = re.findall(r"uwsgitop 127\.0\.0\.1:(\d+) ", program.text)
        assert len(stats) == 3
        with socket.create_connection(("127.0.0.1", int(stats[1]))) as connection:
            statistics = receive_all(connection)
        assert len(json.loads(statistics)["workers"][0]["cores"]) == 100
        assert TOKEN.encode() not in statistics

        main_process(f"--port={port + list(SERVERS).index('daphne')}").kill()
        program.wait_for(r"daphne ended \(-9\): ")
        (worker,) = main_process(f"--bind=127.0.0.1:{port}").children()
        worker.kill()
        program.wait_for(rf"gunicorn-sync has lost the process {worker.pid} and started \d+")
        program.signal(signal.SIGINT)
        assert program.end() == 130
        assert program.left_behind() == []
    assert all(port_is_free(server_port) for server_port in (*range(port, port + len(SERVERS)), *map(int, stats)))


def main_process(argument: str) -> psutil.Process:
    """Of the program that has this argument; what it forks has it too."""
    having = [process for process in psutil.process_iter(["cmdline"]) if argument in (process.info["cmdline"] or ())]
    return min(having, key=psutil.Process.create_time)


def test_serve_says_what_it_cannot_do(tmp_path: Path) -> None:
    for arguments, message in (
        (("daphne", "--all"), "name daphne or --all, not both"),
        (
            ("daphne", "--workers", "2"),
            "daphne cannot have more than one process; leave out --workers, or the server",
        ),
        (("--all", "--port", "65530"), "--port must be from 1 to 65522"),
        (("--latency-ms", "-1"), "--latency-ms must be from 0 to 10000"),
    ):
        assert done(*lab("serve", *arguments), cwd=tmp_path) == (2, f"locust-asyncdjango: error: {message}\n")
