"""Each way in which a database can be out of reach is named, with each driver, on each interface."""

import json
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
import trustme

from locust_asyncdjango.failures.classify import classify
from tests.support.fake_postgres import (
    ends_at_once,
    ends_in_the_tls_handshake,
    fake_postgres,
    offers_no_tls,
    refuses_with,
    says_nothing,
    speaks_http,
    with_tls,
)
from tests.support.programs import done

REPORT = Path(__file__).parents[1] / "support" / "sites" / "error_report.py"
LOGIN = "postgresql://secret_user:secret_password@"
PLANTED = ("secret", "127.0.0.1", "db.invalid", "nowhere")
Way = Callable[[], AbstractContextManager[str]]
"""Yields what follows the login in DATABASE_URL."""


def at(address: str) -> Way:
    """Return the way to an address where no server is."""

    @contextmanager
    def way() -> Iterator[str]:
        yield address

    return way


def served(serve: Callable[..., None], options: str = "") -> Way:
    """Return the way to a server that answers wrongly."""

    @contextmanager
    def way() -> Iterator[str]:
        with fake_postgres(serve) as port:
            yield f"127.0.0.1:{port}/secret_name?{options}"

    return way


@contextmanager
def unknown_certificate() -> Iterator[str]:
    """Yield the address of a server with a certificate of an authority that nobody knows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    authority = trustme.CA()
    with authority.cert_pem.tempfile() as file, fake_postgres(with_tls(context)) as port:
        yield f"127.0.0.1:{port}/secret_name?sslmode=verify-full&sslrootcert={file}"


WAYS: dict[str, tuple[Way, str]] = {
    "unknown host": (at("db.invalid/x"), "the host's name is not known"),
    "nothing listens": (at("127.0.0.1:1/x"), "Connection refused"),
    "no socket": (at("%2Fnowhere/x"), "there is no such socket"),
    "no answer": (served(says_nothing, "connect_timeout=2"), "no answer in time"),
    "closed at once": (served(ends_at_once, "sslmode=disable"), ""),
    "TLS is not offered": (
        served(offers_no_tls, "sslmode=require"),
        "TLS is wanted, and the server does not offer it",
    ),
    "TLS ends in the handshake": (served(ends_in_the_tls_handshake, "sslmode=require"), ""),
    "an unknown certificate": (unknown_certificate, "TLS: a certificate was not accepted"),
    "another protocol": (served(speaks_http, "sslmode=disable"), ""),
    "a database that nobody may use": (
        served(refuses_with("55000", 'database "secret" is not currently accepting connections'), "sslmode=disable"),
        'database "..." is not currently accepting connections',
    ),
    "a refusal that nobody knows": (served(refuses_with("28000", "secret words"), "sslmode=disable"), ""),
}


@pytest.mark.parametrize("orm_driver", ["psycopg2", "psycopg"])
@pytest.mark.parametrize("way", WAYS)
def test_a_database_that_is_out_of_reach(way: str, orm_driver: str) -> None:
    address, detail = WAYS[way]
    with address() as place:
        env = {"DATABASE_URL": LOGIN + place, "TARGET_SITE_ORM_DRIVER": orm_driver}
        code, text = done(sys.executable, REPORT, "/orm_get/{}/", env=env)
    assert code == 0, text
    responses = [json.loads(line) for line in text.splitlines()]
    assert len(responses) == 12
    kinds, details = {}, set()
    for interface, variant, status, body in responses:
        failure = classify(status=status, headers={"content-type": "application/problem+json"}, body=body.encode())
        assert failure is not None, body
        kinds[interface, variant] = failure.kind
        details.add(json.loads(body).get("detail", ""))
        assert [word for word in PLANTED if word in body] == []
    assert kinds == dict.fromkeys(kinds, "db_unreachable")
    assert not detail or details == {detail}
