"""The times of calls to HTTP services."""

import asyncio
import sys
import urllib.request
from types import ModuleType
from typing import Any

import pytest

from locust_asyncdjango.probe.hooks import http_calls
from locust_asyncdjango.probe.recording.record import CURRENT, RequestRecord
from tests.support.http_site import http_site


def kinds_of(call: Any) -> list[str]:
    """Return the kinds of the events that a function leaves in a request."""
    record = RequestRecord("", "GET", None, 0.0)
    token = CURRENT.set(record)
    try:
        call()
    finally:
        CURRENT.reset(token)
    return [kind for kind, _ in record.events]


def test_the_standard_librarys_client() -> None:
    http_calls.install()
    with http_site({"/": (200, b"ok")}) as site:

        def call() -> None:
            with urllib.request.urlopen(f"{site.url}/") as response:
                assert response.read() == b"ok"

        assert kinds_of(call) == ["http"]
        call()


class HTTPTransport:
    """Stands for httpx's sync transport."""

    def handle_request(self, request: str) -> str:
        """Return the request."""
        return request


class AsyncHTTPTransport:
    """Stands for httpx's async transport."""

    async def handle_async_request(self, request: str) -> str:
        """Return the request."""
        return request


def test_a_client_that_is_imported_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    httpx = ModuleType("httpx")
    vars(httpx).update(HTTPTransport=HTTPTransport, AsyncHTTPTransport=AsyncHTTPTransport)
    monkeypatch.setitem(sys.modules, "httpx", httpx)
    http_calls.install()
    http_calls.install()
    assert kinds_of(lambda: HTTPTransport().handle_request("a")) == ["http"]
    assert kinds_of(lambda: asyncio.run(AsyncHTTPTransport().handle_async_request("a"))) == ["http"]
