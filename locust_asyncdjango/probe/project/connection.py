"""What the database itself says: over a connection of its own, which is closed at once."""

import time
from typing import Any

ROUND_TRIPS = 3


def describe_connection(alias: str = "default") -> dict[str, Any]:
    """Return what the database reports about itself and how far away it is.

    driver: the module of the driver. server_version, max_connections: None where the engine does not report them.
    round_trip_ms: the shortest of some.
    is_encrypted: whether the connection has TLS; None where that is not known.
    server: host, port and name as the driver has connected to them, where it says so.
    error: the names of the exceptions and the reason, where there is no connection; then all others are missing.
    """
    from django.db import connections

    # A copy: this must not take the connection of the thread, nor leave one open in it.
    connection = connections[alias].copy()
    try:
        return _describe(connection)
    except Exception as error:  # noqa: BLE001 - whatever a driver raises is what this reports
        from ..hooks.exception_details import describe_failure

        failure = describe_failure(error)
        return {"vendor": connection.vendor, "error": {"exceptions": list(failure.names), "text": failure.text}}
    finally:
        connection.close()


def _describe(connection: Any) -> dict[str, Any]:
    with connection.cursor() as cursor:
        version, limit = _SETTINGS.get(connection.vendor, _nothing)(cursor)
        round_trips_ms = [_round_trip_ms(cursor, connection) for _ in range(ROUND_TRIPS)]
        return {
            "vendor": connection.vendor,
            "driver": str(connection.Database.__name__),
            "server_version": version,
            "max_connections": limit,
            "round_trip_ms": min(round_trips_ms),
            "is_encrypted": _is_encrypted(cursor, connection),
            "server": _server(connection.connection),
        }


def _nothing(_cursor: Any) -> tuple[str | None, int | None]:
    return None, None


def _postgresql(cursor: Any) -> tuple[str, int]:
    return str(_first_value(cursor, "SHOW server_version")), int(_first_value(cursor, "SHOW max_connections"))


def _mysql(cursor: Any) -> tuple[str, int]:
    return str(_first_value(cursor, "SELECT VERSION()")), int(_first_value(cursor, "SELECT @@max_connections"))


def _sqlite(cursor: Any) -> tuple[str, None]:
    return str(_first_value(cursor, "SELECT sqlite_version()")), None


_SETTINGS: dict[str, Any] = {"postgresql": _postgresql, "mysql": _mysql, "sqlite": _sqlite}


def _first_value(cursor: Any, query: str) -> Any:
    cursor.execute(query)
    return cursor.fetchone()[0]


def _round_trip_ms(cursor: Any, connection: Any) -> float:
    begin_s = time.perf_counter()
    cursor.execute("SELECT 1" + connection.features.bare_select_suffix)
    return round((time.perf_counter() - begin_s) * 1000, 2)


def _is_encrypted(cursor: Any, connection: Any) -> bool | None:
    if connection.vendor == "mysql":
        cursor.execute("SHOW SESSION STATUS LIKE 'Ssl_cipher'")
        return bool(cursor.fetchone()[1])
    # psycopg has it in its libpq connection, and psycopg2 in what it knows about the connection.
    driver = connection.connection
    in_use = getattr(getattr(driver, "pgconn", None) or getattr(driver, "info", None), "ssl_in_use", None)
    return None if in_use is None else bool(in_use)


def _server(driver_connection: Any) -> dict[str, str] | None:
    """Return to what psycopg2 and psycopg have connected; None for other drivers."""
    info: Any = getattr(driver_connection, "info", None)
    if not hasattr(info, "dbname"):
        return None
    return {"host": str(info.host or ""), "port": str(info.port or ""), "name": str(info.dbname or "")}
