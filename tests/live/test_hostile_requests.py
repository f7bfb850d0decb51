"""The site takes 800 hostile requests on each interface: none hangs, none learns what it should not, none ends it."""

import re
import socket
import struct
import urllib.parse
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support.hostile_requests import HostileRequest, hostile_requests
from tests.support.programs import DEADLINE_S
from tests.support.site_client import fetch
from tests.support.site_fixtures import site_on

COUNT = 800
SECRET_KEY = "a-planted-secret-key-of-forty-characters"
LEAKS = re.compile(
    rb"Traceback|File \"|site-packages|postgresql://|Exception|[a-z_]+Error\b|SELECT |INSERT |target_site_post\b"
)
SERVERS = {"wsgi": "gunicorn-100-threads", "asgi": "uvicorn"}


@pytest.fixture(params=SERVERS)
def url(request: pytest.FixtureRequest, services_env: dict[str, str], tmp_path: Path) -> Iterator[str]:
    """Run the site with a secret key that is known."""
    with site_on(SERVERS[request.param], {**services_env, "SECRET_KEY": SECRET_KEY}, tmp_path) as started:
        yield started


def response_to(url: str, request: HostileRequest) -> bytes:
    """Return all that the site sends until it closes the connection; b"" where the client leaves in the middle.

    Raise TimeoutError where the site does not answer.
    """
    parts = urllib.parse.urlsplit(url)
    received = b""
    with socket.create_connection((parts.hostname, parts.port or 80), timeout=DEADLINE_S) as connection:
        with suppress(ConnectionError):
            connection.sendall(request.content)
            while request.is_whole and (chunk := connection.recv(65536)):
                received += chunk
        # The site learns at once that the client has left.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return received


def test_hostile_requests(url: str, services_env: dict[str, str], tmp_path: Path) -> None:
    password = str(urllib.parse.urlsplit(services_env["DATABASE_URL"]).password)
    requests = list(hostile_requests(COUNT, seed=20))
    with ThreadPoolExecutor(4) as pool:
        responses = list(pool.map(lambda request: response_to(url, request), requests))
    statuses = Counter(response[9:12] for response in responses if response)
    assert sum(statuses.values()) > COUNT / 2
    for request, response in zip(requests, responses, strict=True):
        assert not re.match(rb"HTTP/1\.\d 5", response), (request, response)
        assert not LEAKS.search(response), (request, response)
        assert password.encode() not in response
        assert SECRET_KEY.encode() not in response
    assert fetch(f"{url}/healthz") == (200, "text/plain", "ok\n")
    (log,) = (file.read_text() for file in tmp_path.glob("*.log"))
    assert not re.search("Traceback|WORKER TIMEOUT|was sent SIG|Booting", log)
