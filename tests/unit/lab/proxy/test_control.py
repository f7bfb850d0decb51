"""The answers of the control address of the proxy."""

import json
from typing import Any

import pytest

from locust_asyncdjango.lab.proxy.control import control_response
from locust_asyncdjango.lab.proxy.server import ProxyServer
from locust_asyncdjango.lab.proxy.toxics import (
    SETTINGS,
    Toxics,
    settings_values,
)


async def never() -> None:
    """Upstream."""


def answer(method: str = "PATCH", path: str = "/", body: bytes = b"{}") -> tuple[int, dict[str, Any]]:
    return control_response(ProxyServer(Toxics(), lambda _: never()), method, path, body)


def test_the_control_answers_with_settings_and_counters() -> None:
    counters = {"connections_open": 0, "connections": 0, "bytes_upstream": 0, "bytes_downstream": 0}
    assert answer("GET") == (200, {**settings_values(Toxics()), "counters": counters})
    assert answer(body=b'{"latency_ms": 7}') == (200, {**answer("GET")[1], "latency_ms": 7})
    assert set(answer("GET")[1]) == {*SETTINGS, "counters"}


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        (404, {"path": "/proxies"}),
        (405, {"method": "POST"}),
        (400, {"body": b"no JSON"}),
        (400, {"body": b"[]"}),
        (400, {"body": b"\xff"}),
        (400, {"body": b"[" * 9000}),
        (400, {"body": b" " * 20_000}),
        (400, {"body": b'{"latency_ms": 1, "nonsense": 1}'}),
    ],
)
def test_the_control_refuses_in_one_line(status: int, sent: dict[str, Any]) -> None:
    response_status, content = answer(**sent)
    assert response_status == status
    assert list(content) == ["error"]
    assert "\n" not in json.dumps(content)


def test_a_wrong_patch_changes_nothing() -> None:
    proxy = ProxyServer(Toxics(), lambda _: never())
    control_response(proxy, "PATCH", "/", b'{"latency_ms": 1, "nonsense": 1}')
    assert proxy.toxics == Toxics()
