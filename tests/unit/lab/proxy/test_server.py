"""The proxy as a server: counters of its connections, and where it listens."""

import socket

import pytest

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.proxy.server import ProxyServer, address_text, listen
from locust_asyncdjango.lab.proxy.toxics import Toxics
from tests.unit.lab.proxy.test_connection import run


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


@pytest.mark.parametrize(
    ("host", "text"), [("127.0.0.1", r"127.0.0.1:PORT"), pytest.param("::1", "[::1]:PORT", id="IPv6")]
)
def test_it_listens_at_an_address_and_names_it(host: str, text: str) -> None:
    if host == "::1" and not socket.has_ipv6:
        pytest.skip("this machine has no IPv6")
    with listen((host, 0)) as listener:
        assert address_text(listener) == text.replace("PORT", str(listener.getsockname()[1]))


def test_an_address_that_is_taken_is_named_with_the_reason() -> None:
    with listen(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(UsageError) as refused:
            listen(("127.0.0.1", port))
    assert str(refused.value) == f"cannot listen on 127.0.0.1:{port}: Address already in use"


def test_a_host_that_does_not_exist_is_named_with_the_reason() -> None:
    with pytest.raises(UsageError, match=r"^cannot listen on no\.such\.host\.invalid:1: "):
        listen(("no.such.host.invalid", 1))
