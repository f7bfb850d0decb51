"""Where a connection leads by the OPTIONS of a database, and whether they demand TLS."""

from typing import Any

import pytest

from locust_asyncdjango.probe.project.database_options import address, option_files, tls_options

POSTGRESQL, MYSQL = "django.db.backends.postgresql", "django.db.backends.mysql"
SETTINGS = {"HOST": "127.0.0.1", "PORT": 5433, "NAME": "lab"}


@pytest.mark.parametrize(
    ("engine", "settings", "options", "reached"),
    [
        (POSTGRESQL, SETTINGS, {"host": "/run", "port": 1}, ("127.0.0.1", "5433", "lab")),
        (POSTGRESQL, {}, {"host": "/run", "port": 1, "dbname": "shop"}, ("/run", "1", "shop")),
        (POSTGRESQL, SETTINGS, {"hostaddr": "10.0.0.1"}, ("10.0.0.1", "5433", "lab")),
        (MYSQL, SETTINGS, {"charset": "utf8mb4"}, ("127.0.0.1", "5433", "lab")),
        (MYSQL, SETTINGS, {"host": "db", "port": 1, "database": "shop"}, ("db", "1", "shop")),
        (MYSQL, SETTINGS, {"unix_socket": "/run/mysqld.sock", "db": "shop"}, ("/run/mysqld.sock", "5433", "shop")),
        (MYSQL, {"HOST": None, "NAME": None}, {}, ("", "", "")),
    ],
)
def test_the_address_that_counts(
    engine: str, settings: dict[str, Any], options: dict[str, Any], reached: tuple[str, str, str]
) -> None:
    found = address({"ENGINE": engine, **settings}, options)
    assert found == dict(zip(("host", "port", "name"), reached, strict=True))


@pytest.mark.parametrize(
    ("engine", "options", "environ", "names"),
    [
        (POSTGRESQL, {}, {}, []),
        (POSTGRESQL, {"sslmode": "prefer", "sslrootcert": "/ca.pem"}, {"PGSSLMODE": "require"}, []),
        (POSTGRESQL, {"sslmode": "verify-full", "sslrootcert": "system"}, {}, ["sslmode", "sslrootcert"]),
        (POSTGRESQL, {}, {"PGSSLMODE": "require"}, ["PGSSLMODE"]),
        (POSTGRESQL, {}, {"PGSSLMODE": "allow"}, []),
        ("django.contrib.gis.db.backends.postgis", {"sslmode": "require"}, {}, ["sslmode"]),
        (MYSQL, {"ssl": {}, "ssl_mode": "PREFERRED"}, {"PGSSLMODE": "require"}, []),
        (MYSQL, {"ssl": {"ca": "/ca.pem"}, "ssl_mode": "REQUIRED"}, {}, ["ssl_mode", "ssl"]),
        (MYSQL, {"ssl_ca": "/ca.pem", "ssl_verify_cert": True}, {}, ["ssl_ca", "ssl_verify_cert"]),
        ("django.db.backends.sqlite3", {"timeout": 20}, {}, []),
    ],
)
def test_options_that_demand_tls(
    engine: str, options: dict[str, Any], environ: dict[str, str], names: list[str]
) -> None:
    assert tls_options(engine, options, environ) == names


@pytest.mark.parametrize(
    ("engine", "options", "names"),
    [
        (MYSQL, {"read_default_file": "/etc/my.cnf"}, ["read_default_file"]),
        (MYSQL, {"read_default_file": "/dev/null", "read_default_group": ""}, []),
        (MYSQL, {"read_default_group": "client"}, ["read_default_group"]),
        (POSTGRESQL, {"read_default_file": "/etc/my.cnf"}, []),
    ],
)
def test_options_that_name_a_file_of_more_options(engine: str, options: dict[str, Any], names: list[str]) -> None:
    assert option_files(engine, options) == names
