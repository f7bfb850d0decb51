"""The command line of ``serve``, and what it prints of a server that is up."""

from typing import Any

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.commands.serve import how_to_load
from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.servers import SERVERS, RunningServer
from tests.support.fake_program import FakeProgram


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gunicorn-sync", "--all"], "name gunicorn-sync or --all, not both"),
        (["--max-connections", "0"], "--max-connections must be from 1 to 10000"),
        (["--latency-ms", "10001"], "--latency-ms must be from 0 to 10000"),
    ],
)
def test_flags_that_cannot_be_used(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", *arguments]) == 2
    assert capsys.readouterr().err == f"locust-asyncdjango: error: {message}\n"


@pytest.mark.parametrize(
    ("name", "stats_port", "last_lines"),
    [
        ("gunicorn-sync", 0, []),
        ("uwsgi-gevent", 81, ["to watch its statistics: uwsgitop 127.0.0.1:81 (pip install uwsgitop)"]),
    ],
)
def test_a_server_that_is_up_says_how_to_load_it(name: str, stats_port: int, last_lines: list[str]) -> None:
    program: Any = FakeProgram(None)
    assert how_to_load(SERVERS[name], RunningServer("http://127.0.0.1:80", program, stats_port)).splitlines() == [
        f"{name} answers at http://127.0.0.1:80/ until Ctrl-C. To load it, in another terminal:",
        f"  locust -f {locustfile('io_read')} --shape RampTo500 -H http://127.0.0.1:80",
        "and open http://localhost:8089, or add --headless.",
        *last_lines,
    ]
