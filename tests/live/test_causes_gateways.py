"""Each cause at a gateway, or at an application server that kills its workers, gets its kind, with each HTTP client."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme

from locust_asyncdjango.lab.environment.process import free_port
from tests.support.gateways import haproxy, listening, nginx, open_request
from tests.support.programs import BIN, wait_for, wait_for_page
from tests.support.responses import RESPONSES, http_response
from tests.support.scripted_server import (
    CLOSE,
    RESET,
    ReceivedRequest,
    ScriptedServer,
    Step,
    serve_script,
)
from tests.support.three_clients import Kinds, all_three, failure_kinds

pytestmark = pytest.mark.without_debian

SITES = Path(__file__).parents[1] / "support" / "sites"
PATIENCE_S = 5.0
BAD, LIMITED = all_three("gateway_bad"), all_three("overloaded, gateway")

APPLICATION: dict[str, list[Step]] = {
    "/slow": [3.0],
    "/closes": [CLOSE],
    "/resets": [RESET],
    "/half-body": RESPONSES["/half-body"],
    "/rubbish": RESPONSES["/rubbish"],
    "/says-502": [http_response(502, b'{"detail": "the bank says no"}', "Content-Type: application/json")],
    "/says-503": [http_response(503, b"<h1>Service Unavailable</h1>")],
    "/occupied": [PATIENCE_S],
}

NGINX = """
    proxy_http_version 1.1;
    location / {{ proxy_pass {application}; }}
    location = /slow {{ proxy_read_timeout 200ms; proxy_pass {application}; }}
    location = /dead {{ proxy_pass http://127.0.0.1:{dead}; }}
    location = /limited {{ limit_req zone=requests; proxy_pass {application}; }}
    location = /limited-429 {{ limit_req zone=requests; limit_req_status 429; proxy_pass {application}; }}
    location = /occupied {{ limit_conn connections 1; proxy_pass {application}; }}
    location = /small {{ client_max_body_size 1k; proxy_pass {application}; }}
}}
server {{
    listen 127.0.0.1:{tls_port} ssl;
    ssl_certificate {certificate};
    ssl_certificate_key {certificate};
"""
THROUGH_NGINX: dict[str, Kinds] = {
    "/dead": BAD,
    "/slow": BAD,
    "/closes": BAD,
    "/resets": BAD,
    "/half-body": all_three("connection_dropped"),
    # nginx takes it for HTTP/0.9, and passes it on.
    "/rubbish": all_three("protocol_error"),
    "/says-502": all_three("app_error"),
    "/says-503": all_three("unavailable_503"),
    # One request a minute was let through before.
    "/limited": LIMITED,
    "/limited-429": all_three("overloaded"),
    # One connection is in use.
    "/occupied": LIMITED,
}

HAPROXY = """
    http-request deny deny_status 429 if {{ path /denied }}
    use_backend dead if {{ path /dead }}
    use_backend slow if {{ path /slow }}
    use_backend full if {{ path /occupied }}
    default_backend application
backend application
    server one {application}
backend dead
    server one 127.0.0.1:{dead}
backend slow
    timeout server 200ms
    server one {application}
backend full
    server one {application} maxconn 1
"""
THROUGH_HAPROXY: dict[str, Kinds] = {
    "/dead": BAD,
    "/slow": BAD,
    "/closes": BAD,
    "/rubbish": BAD,
    "/half-body": all_three("connection_dropped"),
    "/says-503": all_three("unavailable_503"),
    "/denied": all_three("overloaded"),
    # The server gets one request at a time; the others waited in HAProxy's queue for too long.
    "/occupied": BAD,
}


def script(received: ReceivedRequest) -> list[Step]:
    """Return the steps of the application for a path; a success for every other path."""
    return APPLICATION.get(received.path, [http_response()])


@pytest.fixture(scope="module")
def application() -> Iterator[ScriptedServer]:
    with serve_script(script) as started:
        yield started


def occupy_application(stack: ExitStack, application: ScriptedServer, url: str) -> None:
    """Have a request in the application until the stack is closed."""
    before = len(application.received)
    stack.enter_context(open_request(url, "/occupied"))
    wait_for(lambda: len(application.received) > before, lambda: f"{url} does not reach the application")


def kinds_by_path(url: str, paths: Sequence[str]) -> dict[str, Kinds]:
    """Return the kinds that the clients give to each path."""
    return {path: failure_kinds(url, path, timeout_s=PATIENCE_S) for path in paths}


def test_nginx(application: ScriptedServer, tmp_path: Path) -> None:
    certificate, tls_port = tmp_path / "certificate.pem", free_port()
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(certificate))
    locations = NGINX.format(application=application.url, dead=free_port(), tls_port=tls_port, certificate=certificate)
    with nginx(tmp_path, locations) as url, ExitStack() as stack:
        wait_for_page(f"{url}/limited")
        occupy_application(stack, application, url)
        assert kinds_by_path(url, list(THROUGH_NGINX)) == THROUGH_NGINX
        for size in (2_000, 5_000_000):
            assert failure_kinds(url, "/small", data=b"x" * size, timeout_s=PATIENCE_S) == all_three("client_error")
        assert failure_kinds(url.replace("http:", "https:"), timeout_s=PATIENCE_S) == all_three("tls_failure")
        # nginx responds in plain HTTP, with 400.
        assert failure_kinds(f"http://127.0.0.1:{tls_port}") == all_three("client_error")


def test_haproxy(application: ScriptedServer, tmp_path: Path) -> None:
    rules = HAPROXY.format(application=application.address, dead=free_port())
    with haproxy(tmp_path, rules) as url, ExitStack() as stack:
        occupy_application(stack, application, url)
        assert kinds_by_path(url, list(THROUGH_HAPROXY)) == THROUGH_HAPROXY


def test_gunicorn_that_kills_its_workers(tmp_path: Path) -> None:
    port = free_port()
    argv = [str(BIN / "gunicorn"), f"--bind=127.0.0.1:{port}", "--workers=6", "--timeout=1", "dying_site"]
    with (
        listening(argv, port, tmp_path / "gunicorn.log", SITES) as url,
        nginx(tmp_path, f"proxy_http_version 1.1; location / {{ proxy_pass {url}; }}") as gateway_url,
    ):
        wait_for_page(gateway_url)
        assert kinds_by_path(url, ["/killed", "/half"]) == dict.fromkeys(
            ["/killed", "/half"], all_three("connection_dropped")
        )
        assert kinds_by_path(gateway_url, ["/killed", "/half"]) == {
            "/killed": BAD,
            "/half": all_three("connection_dropped"),
        }
        # The worker is asked to end before it is killed, and says that something went wrong.
        assert failure_kinds(url, "/stuck", timeout_s=PATIENCE_S) == all_three("server_error_opaque")
        assert failure_kinds(url.replace("http:", "https:"), timeout_s=PATIENCE_S) == all_three("tls_failure")


def test_uvicorn_at_its_limit(tmp_path: Path) -> None:
    port = free_port()
    argv = [str(BIN / "uvicorn"), f"--port={port}", "--limit-concurrency=2", "dying_site:asgi"]
    with listening(argv, port, tmp_path / "uvicorn.log", SITES) as url, open_request(url, "/") as connected:
        assert connected.recv(12) == b"HTTP/1.1 200"
        assert failure_kinds(url, timeout_s=PATIENCE_S) == all_three("unavailable_503")
