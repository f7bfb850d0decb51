"""The address and the options that each driver gets."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dj_database_url
import psycopg.conninfo
import psycopg2.extensions
import pytest
from django.db import connections

from target_site.database.dsn import asyncpg_arguments, database_dsn

SOCKET = {"USER": "", "PASSWORD": "", "HOST": "/run/postgresql", "PORT": "", "NAME": "x", "OPTIONS": {}}
FULL = {
    "USER": "a b",
    "PASSWORD": "p@ss/",
    "HOST": "::1",
    "PORT": 5432,
    "NAME": "ü",
    # Some are Django's own or of psycopg's connect: libpq does not know them.
    "OPTIONS": {
        "options": "-c search_path=x",
        "assume_role": "r",
        "pool": {"max_size": 3},
        "server_side_binding": True,
        "isolation_level": 3,
        "prepare_threshold": 5,
        "cursor_factory": object,
    },
}
URL = "postgresql://u:p@db.example:5432/x"


@contextmanager
def default_database(**settings: Any) -> Iterator[None]:
    """Let Django have other settings for its default database."""
    before = connections["default"].settings_dict
    connections["default"].settings_dict = {**before, "OPTIONS": {}, **settings}
    try:
        yield
    finally:
        connections["default"].settings_dict = before


@pytest.mark.parametrize(
    ("database", "parsed"),
    [
        (
            FULL,
            {
                "user": "a b",
                "password": "p@ss/",
                "host": "::1",
                "port": "5432",
                "dbname": "ü",
                "options": "-c search_path=x",
            },
        ),
        (SOCKET, {"host": "/run/postgresql", "dbname": "x"}),
    ],
    ids=["full", "socket"],
)
def test_the_drivers_read_the_address_that_django_has(database: dict[str, Any], parsed: dict[str, str]) -> None:
    with default_database(**database):
        assert psycopg.conninfo.conninfo_to_dict(database_dsn()) == parsed
        assert asyncpg_arguments() == {"dsn": database_dsn()}


OPTIONS = {
    "connect_timeout": "5",
    "keepalives_idle": "30",
    "application_name": "shop & co",
    "sslmode": "verify-full",
    "sslrootcert": "/etc/ca.pem",
    "target_session_attrs": "read-write",
    "gssencmode": "disable",
    "channel_binding": "prefer",
    "options": "-c statement_timeout=5000",
}


def test_every_option_of_a_database_url_reaches_libpq() -> None:
    query = "&".join(f"{name}={value.replace(' & ', '%20%26%20')}" for name, value in OPTIONS.items())
    with default_database(**dj_database_url.parse(f"{URL}?{query}")):
        for read in (psycopg.conninfo.conninfo_to_dict, psycopg2.extensions.parse_dsn):
            parsed = read(database_dsn())
            assert {name: parsed[name] for name in OPTIONS} == OPTIONS


@pytest.mark.parametrize(
    ("query", "arguments"),
    [
        ("gssencmode=disable&channel_binding=prefer&keepalives=1", {"dsn": URL}),
        ("connect_timeout=5", {"dsn": URL, "timeout": 5}),
        ("connect_timeout=0", {"dsn": URL, "timeout": None}),
        ("sslmode=disable&application_name=shop", {"dsn": f"{URL}?sslmode=disable&application_name=shop"}),
        ("currentSchema=own", {"dsn": f"{URL}?options=-c%20search_path%3Down"}),
    ],
)
def test_asyncpg_gets_the_options_that_it_knows(query: str, arguments: dict[str, Any]) -> None:
    with default_database(**dj_database_url.parse(f"{URL}?{query}")):
        assert asyncpg_arguments() == arguments
