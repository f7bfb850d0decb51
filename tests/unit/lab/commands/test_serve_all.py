"""``serve --all``: what it refuses, and what it reports of servers that run side by side."""

import io
from typing import Any

import pytest
from rich.console import Console

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.commands.serve_all import REFRESH_S, request_stop, usage_table, watch
from locust_asyncdjango.lab.environment.process_usage import MonitoredServer, ProcessUsage
from locust_asyncdjango.lab.environment.servers import SERVERS
from locust_asyncdjango.lab.errors import TrialError
from tests.support.fake_program import FakeProgram


def monitored(name: str, *codes: int | None) -> MonitoredServer:
    """Return a server whose program has these exit codes, one at each reading; without any, it did not start."""
    program: Any = FakeProgram(*codes) if codes else None
    return MonitoredServer(name, "http://x", "wsgi", 1, program, ended="" if codes else "did not start")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--workers", "0"], "--workers must be from 1 to "),
        (["--port", "65536"], "--port must be from 1 to "),
        (["--latency-ms", "-1"], "--latency-ms must be from 0 to "),
    ],
)
def test_flags_that_cannot_be_used(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["serve", "--all", *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"locust-asyncdjango: error: {message}")


def test_servers_are_watched_until_the_last_has_ended(capsys: pytest.CaptureFixture[str]) -> None:
    pauses: list[float] = []
    api, first, second = monitored("slow API", None), monitored("first", 3), monitored("second", None, None, None, -9)
    with pytest.raises(TrialError, match=r"^every server has ended$"):
        watch([api], [first, second, monitored("third")], pauses.append)
    output = capsys.readouterr()
    assert output.err == "first ended (3): out of memory\nsecond ended (-9): out of memory\n"
    # Where the output is no terminal, there is one table: after the first pause, when "second" was still up.
    rows = [line.split() for line in output.out.splitlines() if "http://x" in line]
    assert [(row[0], "ended" in row) for row in rows] == [
        ("slow", False),
        ("first", True),
        ("second", False),
        ("third", True),
    ]
    assert pauses == [REFRESH_S] * 3


def test_all_that_have_started_are_asked_to_stop() -> None:
    members = [monitored("first", None), monitored("second"), monitored("third", None)]
    request_stop(members)
    assert [getattr(member.program, "stop_requests", None) for member in members] == [1, None, 1]


def test_the_table_of_servers_that_run_fits_80_columns() -> None:
    members = [
        MonitoredServer(
            server.name,
            "http://127.0.0.1:65000",
            server.interface,
            server.slots,
            previous=ProcessUsage(0, frozenset(range(2)), 1234.5, 1),
            latest=ProcessUsage(2, frozenset(range(10)), 1234.5, 5),
        )
        for server in SERVERS.values()
    ]
    members.append(MonitoredServer("gone", "http://127.0.0.1:8014", "wsgi", 1, ended="ended (3): out of memory"))
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(usage_table(members))
    lines = console.export_text().splitlines()
    assert not any("…" in line for line in lines)
    row = next(line for line in lines if line.startswith(" gunicorn-100-threads"))
    assert row.split() == ["gunicorn-100-threads", "http://127.0.0.1:65000", "wsgi", "100", "10", "1234", "200"]
    assert "gone ended (3): out of memory" in "\n".join(lines)


def test_a_line_of_a_log_is_no_markup() -> None:
    member = MonitoredServer("gone", "http://x", "wsgi", 1, ended="ended (3): [bold]x[/] [link=http://y]")
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(usage_table([member]))
    assert "[bold]x[/] [link=http://y]" in console.export_text()
