"""The proxy as a server: counters of its connections, and where it listens."""

import socket

import pytest

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.proxy.server import ProxyServer, address_text, listen
from locust_asyncdjango.lab.proxy.toxics import Toxics
from tests.support.proxy_transports import run


async def never(_: object) -> None:
    """Connect to nothing."""


def test_connections_are_counted_while_they_are_open_and_after() -> None:
    async def scenario() -> None:
        proxy = ProxyServer(Toxics(), never)
        first, _ = proxy.accept(), proxy.accept()
        assert proxy.status()["counters"] == {
            "connections_open": 2,
            "connections": 2,
            "bytes_upstream": 0,
            "bytes_downstream": 0,
        }
        first.connection_lost(None)
        counters = proxy.status()["counters"]
        assert isinstance(counters, dict)
        assert (counters["connections_open"], counters["connections"]) == (1, 2)

    run(scenario)


def test_a_change_reaches_open_connections() -> None:
    async def scenario() -> None:
        proxy = ProxyServer(Toxics(), never)
        proxy.accept()
        proxy.apply({"latency_ms": 7})
        (connection,) = proxy.open_connections
        assert connection.toxics == proxy.toxics
        assert connection.downstream.schedule.link.latency_ms == 7

    run(scenario)


class BoundSocket(socket.socket):
    """A socket that is bound to no address, and names one."""

    def __init__(self, address: tuple[str | int, ...]) -> None:
        super().__init__()
        self.address = address

    def getsockname(self) -> tuple[str | int, ...]:
        return self.address


@pytest.mark.parametrize(
    ("address", "text"),
    [(("127.0.0.1", 80), "127.0.0.1:80"), (("::1", 80, 0, 0), "[::1]:80")],
    ids=["IPv4", "IPv6"],
)
def test_the_text_of_an_address(address: tuple[str | int, ...], text: str) -> None:
    with BoundSocket(address) as listener:
        assert address_text(listener) == text


def test_it_listens_at_a_port_that_the_system_chooses() -> None:
    with listen(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        assert client.getpeername() == listener.getsockname()


def test_an_address_that_is_taken_is_named_with_the_reason() -> None:
    with listen(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(UsageError) as refused:
            listen(("127.0.0.1", port))
    assert str(refused.value) == f"cannot listen on 127.0.0.1:{port}: Address already in use"


def test_a_host_that_does_not_exist_is_named_with_the_reason() -> None:
    with pytest.raises(UsageError, match=r"^cannot listen on no\.such\.host\.invalid:1: "):
        listen(("no.such.host.invalid", 1))
