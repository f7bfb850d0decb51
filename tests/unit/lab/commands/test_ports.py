"""The ports that servers get, and those that are refused."""

import socket
from collections.abc import Iterator

import pytest

from locust_asyncdjango.lab.commands.ports import choose_port, ports_in_a_row, stats_port
from locust_asyncdjango.lab.environment.servers import SERVERS
from locust_asyncdjango.lab.errors import UsageError


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_port_that_is_taken_is_refused(taken_port: int) -> None:
    with pytest.raises(UsageError) as refused:
        choose_port(taken_port)
    assert str(refused.value) == f"port {taken_port} is taken or may not be used; choose another --port"


@pytest.mark.parametrize(("first", "count"), [(0, 1), (65536, 1), (65530, 14)])
def test_ports_outside_the_range_are_refused(first: int, count: int) -> None:
    with pytest.raises(UsageError, match=f"--port must be from 1 to {65536 - count}"):
        ports_in_a_row(first, count)


def test_only_uwsgi_has_a_port_for_its_statistics() -> None:
    assert [name for name, server in SERVERS.items() if stats_port(server)] == [
        "uwsgi-2-threads",
        "uwsgi-100-threads",
        "uwsgi-gevent",
    ]
