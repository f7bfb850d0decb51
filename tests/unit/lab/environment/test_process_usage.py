"""What servers that run side by side use."""

import os

import pytest

from locust_asyncdjango.lab.environment import process_usage
from tests.support.fake_program import FakeProgram


def monitored(program: object) -> process_usage.MonitoredServer:
    return process_usage.MonitoredServer("mine", "http://x", "wsgi", 1, program)  # type: ignore[arg-type]


def test_an_ended_server_is_reported_once() -> None:
    server = monitored(FakeProgram(3))
    assert [server.update(), server.update()] == ["ended (3): out of memory", ""]
    assert server.ended == "ended (3): out of memory"


def test_a_running_server_is_read_and_has_a_share_of_the_processor_from_the_second_reading() -> None:
    server = monitored(FakeProgram(None))
    assert (server.update(), server.cpu_percent) == ("", None)
    server.update()
    assert server.latest is not None
    assert os.getpid() in server.latest.pids
    assert server.latest.memory_mb > 1
    assert server.cpu_percent is not None


@pytest.mark.parametrize(
    ("before", "now", "described"),
    [
        ({1, 2}, {1, 2}, ""),
        ({1}, {1, 2}, ""),  # a worker that was added
        ({1, 2}, {1, 3}, "has lost the process 2 and started 3"),
        ({1, 2, 3}, {1}, "has lost the process 2, 3 and started no other"),
    ],
)
def test_lost_processes_are_described(before: set[int], now: set[int], described: str) -> None:
    assert process_usage.describe_replaced_processes(frozenset(before), frozenset(now)) == described


def test_the_share_of_the_processor_is_never_negative() -> None:
    before, now = (
        process_usage.ProcessUsage(at_s, frozenset(), 0.0, cpu_s) for at_s, cpu_s in ((1.0, 5.0), (3.0, 6.0))
    )
    assert process_usage.cpu_percent(before, now) == 50.0
    assert process_usage.cpu_percent(now, process_usage.ProcessUsage(4.0, frozenset(), 0.0, 2.0)) == 0.0
