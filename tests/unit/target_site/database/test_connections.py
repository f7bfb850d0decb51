"""The address that the drivers get."""

from typing import Any

import psycopg.conninfo
import pytest
from django.db import connections

from target_site.database.connections import database_dsn

FULL = {
    "USER": "a b",
    "PASSWORD": "p@ss/",
    "HOST": "::1",
    "PORT": 5432,
    "NAME": "ü",
    # assume_role and pool are Django's own options: libpq does not know them.
    "OPTIONS": {"options": "-c search_path=x", "assume_role": "r", "pool": {"max_size": 3}},
}
SOCKET = {"USER": "", "PASSWORD": "", "HOST": "/run/postgresql", "PORT": "", "NAME": "x", "OPTIONS": {}}


@pytest.mark.parametrize(
    ("database", "read"),
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
def test_the_drivers_read_the_address_that_django_has(database: dict[str, Any], read: dict[str, str]) -> None:
    before = connections["default"].settings_dict
    connections["default"].settings_dict = {**before, **database}
    try:
        assert psycopg.conninfo.conninfo_to_dict(database_dsn()) == read
    finally:
        connections["default"].settings_dict = before
