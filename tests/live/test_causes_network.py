"""Each cause between the generator and a server gets its kind, with each HTTP client."""

import gzip
import json
import os
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from locust_asyncdjango.lab.environment.process import free_port, python
from tests.support.programs import done
from tests.support.responses import RESPONSES, http_response
from tests.support.scripted_server import (
    CLOSE,
    RESET,
    ReceivedRequest,
    ScriptedServer,
    Step,
    serve_script,
)
from tests.support.three_clients import TIMEOUT_S, Kinds, all_three, failure_kinds

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
TEN_BYTES = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"
STALLS = 3 * TIMEOUT_S

DROPPED, TIMEOUT, PROTOCOL = all_three("connection_dropped"), all_three("timeout"), all_three("protocol_error")
# http.client takes a head that is cut for a whole one.
LENIENT = ""

CAUSES: dict[str, tuple[list[Step], Kinds]] = {
    "/resets": ([RESET], DROPPED),
    "/resets-in-head": ([b"HTTP/1.1 200 OK\r\nConte", 0.05, RESET], DROPPED),
    "/resets-in-body": ([TEN_BYTES + b"ok", 0.05, RESET], DROPPED),
    "/closes": ([CLOSE], DROPPED),
    "/half-head": (RESPONSES["/half-head"], DROPPED._replace(http_user=LENIENT)),
    "/half-body": (RESPONSES["/half-body"], DROPPED),
    "/half-chunk": (RESPONSES["/half-chunk"], DROPPED),
    "/no-last-chunk": ([CHUNKED + b"2\r\nok\r\n", CLOSE], DROPPED),
    "/ssh": ([b"SSH-2.0-OpenSSH_9.6\r\n", STALLS], PROTOCOL),
    "/mysql": ([b"J\x00\x00\x00\x0a8.0.36\x00\x08\x00\x00\x00", CLOSE], PROTOCOL),
    "/http-2": ([b"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x80", CLOSE], PROTOCOL),
    "/no-chunk": ([CHUNKED + b"zz\r\nok", CLOSE], PROTOCOL),
    "/silent": ([STALLS], TIMEOUT),
    "/stalls-in-head": ([b"HTTP/1.1 200 OK\r\nConte", STALLS], TIMEOUT),
    "/stalls-in-body": ([TEN_BYTES + b"ok", STALLS], TIMEOUT),
    "/stalls-in-chunk": ([CHUNKED + b"9\r\nok", STALLS], TIMEOUT),
    "/bad-gzip": (RESPONSES["/bad-gzip"], PROTOCOL),
    # Only FastUser and FastHttpUser check that the end is there.
    "/half-gzip": (
        [http_response(200, gzip.compress(b"ok" * 99)[:-9], "Content-Encoding: gzip")],
        PROTOCOL._replace(http_user=""),
    ),
    # FastHttpUser reports nothing, and requests returns the body as it came.
    "/unknown-coding": (
        [http_response(200, b"ok", "Content-Encoding: klingon")],
        Kinds("protocol_error", "raises ValueError", ""),
    ),
    "/loop": (RESPONSES["/loop"], all_three("protocol_error, redirect")),
    # requests reports nothing.
    "/ftp": (RESPONSES["/ftp"], all_three("protocol_error, redirect")._replace(http_user="raises InvalidSchema")),
}


def patience_s(expected: Kinds) -> float:
    """Return the clients' timeout in seconds: short only where a timeout is expected, since the machine may be busy."""
    return TIMEOUT_S if expected == TIMEOUT else 5.0


def script(received: ReceivedRequest) -> list[Step]:
    """Return the steps of the server for a path; a success for every other path."""
    return (
        CAUSES[received.path][0] if received.path in CAUSES else [http_response(200, b"ok", "Connection: close"), CLOSE]
    )


@pytest.fixture(scope="module")
def server() -> Iterator[ScriptedServer]:
    with serve_script(script) as started:
        yield started


@pytest.mark.parametrize(("path", "expected"), [(path, expected) for path, (_, expected) in CAUSES.items()])
def test_a_server_that_misbehaves(server: ScriptedServer, path: str, expected: Kinds) -> None:
    assert failure_kinds(server.url, path, timeout_s=patience_s(expected)) == expected


def test_nobody_listens() -> None:
    assert failure_kinds(f"http://127.0.0.1:{free_port()}") == all_three("connect_refused")


def test_no_such_host() -> None:
    assert failure_kinds("http://no-such-host.invalid", timeout_s=5) == all_three("dns_failure")


def test_no_route_to_the_host() -> None:
    # TCP cannot go to a broadcast address: the system says so itself.
    assert failure_kinds("http://127.255.255.255") == all_three("unreachable")


def test_a_listener_whose_backlog_is_full() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, ExitStack() as waiting:
        address = listener.getsockname()
        with suppress(TimeoutError):
            while True:
                waiting.enter_context(socket.create_connection(address, timeout=TIMEOUT_S))
        assert failure_kinds(f"http://127.0.0.1:{address[1]}") == TIMEOUT


class Certificates:
    """Certificates of servers. Clients trust one authority."""

    def __init__(self, folder: Path) -> None:
        now = datetime.now(UTC)
        authority, unknown = trustme.CA(), trustme.CA()
        self.authority = folder / "authority.pem"
        authority.cert_pem.write_to_path(str(self.authority))
        self.good = authority.issue_cert("127.0.0.1")
        self.expired = authority.issue_cert(
            "127.0.0.1", not_before=now - timedelta(days=9), not_after=now - timedelta(days=1)
        )
        self.for_another_host = authority.issue_cert("other.invalid")
        self.by_an_unknown_authority = unknown.issue_cert("127.0.0.1")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("certificates"))


@contextmanager
def tls_server(certificate: trustme.LeafCert) -> Iterator[ScriptedServer]:
    """Run the scripted server with TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with serve_script(script, context) as started:
        yield started


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("good", ""),
        ("expired", "tls_failure"),
        ("for_another_host", "tls_failure"),
        ("by_an_unknown_authority", "tls_failure"),
    ],
)
def test_a_certificate(certificates: Certificates, name: str, kind: str) -> None:
    with tls_server(getattr(certificates, name)) as server:
        assert failure_kinds(server.url, trusted=certificates.authority, timeout_s=5) == all_three(kind)


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/closes", DROPPED), ("/half-body", DROPPED), ("/ssh", PROTOCOL), ("/silent", TIMEOUT)],
)
def test_a_server_that_misbehaves_over_tls(certificates: Certificates, path: str, expected: Kinds) -> None:
    with tls_server(certificates.good) as server:
        assert (
            failure_kinds(server.url, path, trusted=certificates.authority, timeout_s=patience_s(expected)) == expected
        )


def test_plain_http_to_a_port_that_speaks_tls(certificates: Certificates) -> None:
    with tls_server(certificates.good) as server:
        assert failure_kinds(server.url.replace("https:", "http:")) == DROPPED


def test_tls_to_a_port_that_hangs_up(server: ScriptedServer) -> None:
    """A port that does not speak TLS, and closes the connection. Web servers respond instead: see the gateways."""
    assert failure_kinds(server.url.replace("http:", "https:"), timeout_s=5) == DROPPED


def test_a_generator_without_free_descriptors(server: ScriptedServer) -> None:
    by_name = f"http://localhost:{server.address.partition(':')[2]}"
    env = {"PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONWARNINGS": os.environ.get("PYTHONWARNINGS", "")}
    _, output = done(*python("-m", "tests.support.exhausted_generator", server.url, by_name), env=env)
    kinds = json.loads(output.splitlines()[-1])
    assert kinds == dict.fromkeys((server.url, by_name), [["", "client_exhausted"]] * 3)
