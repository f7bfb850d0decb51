"""The address and options of Django's default database, as each driver without the ORM wants them."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from django.db import connections

_OF_DJANGO_OR_PSYCOPG = {
    "assume_role",
    "isolation_level",
    "pool",
    "server_side_binding",
    "autocommit",
    "prepare_threshold",
}
"""Options of Django's backend, and arguments of psycopg's connect, which libpq does not know."""

_OF_ASYNCPG = {
    *("host", "port", "dbname", "user", "password", "passfile", "service"),
    *("sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword", "sslnegotiation"),
    *("ssl_min_protocol_version", "ssl_max_protocol_version"),
    *("target_session_attrs", "krbsrvname", "gsslib"),
    *("application_name", "options"),
}
"""The options of libpq that asyncpg knows, and those that it passes to the server as libpq does. It would pass all
others on too, and PostgreSQL refuses settings that it does not know."""


def database_dsn() -> str:
    """Return the address of the default database with its options, as libpq reads it."""
    return _dsn(_options())


def asyncpg_arguments() -> dict[str, Any]:
    """Return the arguments of asyncpg's connect for the default database. Options of libpq alone are left out."""
    options = _options()
    arguments: dict[str, Any] = {"dsn": _dsn({name: options[name] for name in options if name in _OF_ASYNCPG})}
    if "connect_timeout" in options:
        seconds = int(options["connect_timeout"])
        arguments["timeout"] = seconds if seconds > 0 else None  # libpq waits for ever then
    return arguments


def _options() -> dict[str, str]:
    """Return the options that are libpq's. In Django's settings, numbers of a DATABASE_URL are whole numbers."""
    options = connections["default"].settings_dict["OPTIONS"]
    return {
        name: str(value)
        for name, value in options.items()
        if isinstance(value, (str, int)) and name not in _OF_DJANGO_OR_PSYCOPG
    }


def _dsn(options: Mapping[str, str]) -> str:
    database = connections["default"].settings_dict
    login = ":".join(quote(part, safe="") for part in (database["USER"], database["PASSWORD"]) if part)
    place = f"{quote(database['HOST'], safe='')}:{database['PORT']}".rstrip(":")
    address = f"postgresql://{login}@{place}" if login else f"postgresql://{place}"
    query = f"?{urlencode(options, quote_via=quote)}" if options else ""
    return f"{address}/{quote(str(database['NAME']), safe='')}{query}"
