"""What is raised where no whole answer came -> kinds."""

import errno
import socket
import ssl
import zlib
from http.client import BadStatusLine, RemoteDisconnected

import pytest
import requests
import urllib3
from geventhttpclient.useragent import RetriesExceeded

from locust_asyncdjango.failures.classify import classify
from locust_asyncdjango.failures.kinds import KINDS
from locust_asyncdjango.failures.model import Failure
from tests.support.failure_examples import chained, driver_error


class HTTPParseError(Exception):
    """geventhttpclient's, known by its name alone."""


@pytest.mark.parametrize(
    ("exception", "kind", "message"),
    [
        (
            ConnectionRefusedError(errno.ECONNREFUSED, "x"),
            "connect_refused",
            "ConnectionRefusedError: Connection refused",
        ),
        (OSError(errno.EHOSTUNREACH, "x"), "unreachable", "OSError: No route to host"),
        (
            ConnectionResetError(errno.ECONNRESET, "x"),
            "connection_dropped",
            "ConnectionResetError: Connection reset by peer",
        ),
        (OSError(errno.EMFILE, "x"), "client_exhausted", "OSError: Too many open files"),
        (TimeoutError("timed out"), "timeout", "TimeoutError: timed out"),
        (
            socket.gaierror(-2, "Name or service not known"),
            "dns_failure",
            "gaierror: [Errno -2] Name or service not known",
        ),
        (ssl.SSLError("bad record"), "tls_failure", "SSLError: ('bad record',)"),
        (ssl.SSLError(1, "wrong version number"), "tls_failure", "SSLError: wrong version number"),
        (
            requests.exceptions.SSLError("a long story", ssl.SSLCertVerificationError(1, "certificate has expired")),
            "tls_failure",
            "SSLCertVerificationError: certificate has expired",
        ),
        (HTTPParseError("garbage at byte 17"), "protocol_error", "HTTPParseError: garbage at byte N"),
        (
            chained(RuntimeError("retries exceeded"), ConnectionRefusedError(errno.ECONNREFUSED, "x")),
            "connect_refused",
            "ConnectionRefusedError: Connection refused",
        ),
        (RetriesExceeded("/", 0, original=TimeoutError("timed out")), "timeout", "TimeoutError: timed out"),
        (RuntimeError(), "no_response", "RuntimeError"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_request_without_a_response(exception: Exception, kind: str, message: str) -> None:
    assert classify(exception=exception) == Failure(kind, KINDS[kind].origin, message, KINDS[kind].advice)


class NewConnectionError(urllib3.exceptions.TimeoutError):
    """As urllib3 1 derives it."""


def unchained() -> Exception:
    """Raised from None while another was handled."""
    try:
        try:
            raise ConnectionRefusedError(errno.ECONNREFUSED, "x")
        except ConnectionRefusedError:
            raise ValueError("bad data") from None
    except ValueError as error:
        return error


class MuteError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("exception", "kind"),
    [
        pytest.param(
            requests.ConnectionError(
                urllib3.exceptions.ProtocolError("Connection aborted.", RemoteDisconnected("no answer"))
            ),
            "connection_dropped",
            id="requests: an empty reply",
        ),
        pytest.param(
            requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.", BadStatusLine("SSH-2.0"))),
            "protocol_error",
            id="requests: rubbish",
        ),
        pytest.param(
            requests.exceptions.ChunkedEncodingError(urllib3.exceptions.IncompleteRead(2, 8)),
            "connection_dropped",
            id="cut",
        ),
        pytest.param(
            requests.ConnectionError(
                urllib3.exceptions.MaxRetryError(
                    None,  # type: ignore[arg-type]
                    "/",
                    chained(NewConnectionError("x"), ConnectionRefusedError(errno.ECONNREFUSED, "x")),
                )
            ),
            "connect_refused",
            id="urllib3 keeps it in reason",
        ),
        pytest.param(requests.ConnectTimeout("x"), "timeout", id="by its base"),
        pytest.param(
            RuntimeError("Proxy CONNECT failed: HTTP/1.1 407 X"), "unreachable", id="geventhttpclient: a proxy"
        ),
        pytest.param(
            driver_error("httpx.RemoteProtocolError", "Server disconnected without sending"),
            "connection_dropped",
            id="h11",
        ),
        pytest.param(
            driver_error("httpx.RemoteProtocolError", "illegal status line"), "protocol_error", id="h11: rubbish"
        ),
        pytest.param(ssl.SSLCertVerificationError("certificate has expired"), "tls_failure", id="a certificate"),
        pytest.param(ssl.SSLEOFError(8, "EOF occurred"), "connection_dropped", id="closed while it spoke TLS"),
        pytest.param(
            requests.exceptions.SSLError(urllib3.exceptions.SSLError(ssl.SSLEOFError(8, "EOF occurred"))),
            "connection_dropped",
            id="requests: closed while it spoke TLS",
        ),
        pytest.param(requests.exceptions.SSLError("[SSL: NO] no"), "tls_failure", id="requests: TLS, in words alone"),
        pytest.param(HTTPParseError("Incomplete response."), "connection_dropped", id="geventhttpclient: half a body"),
        pytest.param(
            HTTPParseError(("Invalid EOF state", 14)), "connection_dropped", id="geventhttpclient: half a head"
        ),
        pytest.param(
            requests.exceptions.ChunkedEncodingError(urllib3.exceptions.ProtocolError("Response ended prematurely")),
            "connection_dropped",
            id="requests: no last chunk",
        ),
        pytest.param(
            zlib.error("Error -3 while decompressing data: incorrect header check"), "protocol_error", id="no gzip"
        ),
        pytest.param(requests.TooManyRedirects("Exceeded 30 redirects."), "protocol_error", id="requests: in circles"),
        pytest.param(
            RetriesExceeded("/", "Redirection limit reached (30)"), "protocol_error", id="geventhttpclient: in circles"
        ),
        pytest.param(OSError(errno.EADDRNOTAVAIL, "x"), "client_exhausted", id="no port is free"),
        pytest.param(RuntimeError("can't start new thread"), "client_exhausted", id="no thread is"),
        pytest.param(MemoryError(), "client_exhausted", id="no memory is left"),
        pytest.param(
            RuntimeError("[Errno 111] Connection refused"), "connect_refused", id="words, when nothing else tells"
        ),
        pytest.param(
            driver_error("psycopg2.errors.DeadlockDetected", "x", pgcode="40P01"),
            "db_contention",
            id="psycopg2 in a locustfile",
        ),
        pytest.param(
            driver_error("asyncpg.exceptions.TooManyConnectionsError", "x"),
            "db_too_many_clients",
            id="asyncpg in a locustfile",
        ),
        pytest.param(
            driver_error(
                "psycopg.OperationalError", "connection failed: connection to server at ::1, port 1 failed: x"
            ),
            "db_unreachable",
            id="not connect_refused",
        ),
        pytest.param(driver_error("redis.exceptions.TimeoutError", "x"), "cache_unavailable", id="not timeout"),
        pytest.param(driver_error("sqlalchemy.exc.TimeoutError", "x"), "db_pool_timeout", id="a pool in a locustfile"),
        pytest.param(driver_error("kombu.exceptions.OperationalError", "x"), "broker_unavailable", id="a broker"),
        pytest.param(requests.exceptions.InvalidHeader("x"), "no_response", id="the locustfile's own header"),
        pytest.param(unchained(), "no_response", id="what is said to have no cause"),
        pytest.param(MuteError(), "no_response", id="one that cannot say it"),
        pytest.param(ValueError("deadlock detected"), "no_response", id="words of nobody known"),
    ],
)
def test_the_kind_of_an_exception(exception: Exception, kind: str) -> None:
    failure = classify(exception=exception)
    assert failure is not None
    assert failure.kind == kind


@pytest.mark.parametrize("status", [200, 500])
def test_a_body_that_breaks_off_is_neither_a_failed_check_nor_the_applications_error(status: int) -> None:
    failure = classify(exception=ConnectionResetError(errno.ECONNRESET, "x"), status=status, body=b"half")
    assert failure is not None
    assert failure.kind == "connection_dropped"
