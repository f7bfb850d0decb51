"""What the OPTIONS of a database do to its connection: where it leads, and whether it has to be encrypted."""

import os
from collections.abc import Mapping
from typing import Any

OPTION_FILES = ("read_default_file", "read_default_group")
"""Options of MySQL's drivers that make them read more options from files, such as the path of a socket."""
NO_FILE = ("", "/dev/null")
PGSSLMODE = "PGSSLMODE"
_DEMANDING = {
    "sslmode": ("require", "verify-ca", "verify-full"),
    "sslrootcert": ("system",),
    "sslnegotiation": ("direct",),
    "channel_binding": ("require",),
    "ssl_mode": ("required", "verify_ca", "verify_identity"),
}
"""Options of libpq and of MySQL's drivers, with the values that demand TLS."""
_DEMANDING_IF_SET = ("ssl", "ssl_ca", "ssl_cert", "ssl_key", "ssl_verify_cert", "ssl_verify_identity")
"""Options of MySQL's drivers that demand TLS with any value but an empty one."""


def is_mysql(engine: str) -> bool:
    """Return whether an engine is one for MySQL or MariaDB."""
    return "mysql" in engine.lower() or "mariadb" in engine.lower()


def address(database: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, str]:
    """Return host, port and name as they count for the driver. A socket or its folder is a host.

    database: of the settings. options: its OPTIONS. Those of MySQL count more than its other members.
    """
    own = {name: database.get(name.upper()) for name in ("host", "port", "name")}
    if is_mysql(str(database.get("ENGINE") or "")):
        host = options.get("unix_socket") or options.get("host") or own["host"]
        port, name = options.get("port") or own["port"], options.get("database") or options.get("db") or own["name"]
    else:
        host = options.get("hostaddr") or own["host"] or options.get("host")
        port, name = own["port"] or options.get("port"), options.get("dbname") or own["name"]
    return {"host": str(host or ""), "port": str(port or ""), "name": str(name or "")}


def tls_options(engine: str, options: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return the names of the options that demand TLS; PGSSLMODE for libpq's variable of that name."""
    names = [name for name, values in _DEMANDING.items() if str(options.get(name)).lower() in values]
    if is_mysql(engine):
        return [*names, *(name for name in _DEMANDING_IF_SET if options.get(name))]
    is_of_libpq = "postg" in engine and "sslmode" not in options
    return [*names, *([PGSSLMODE] if is_of_libpq and environ.get(PGSSLMODE) in _DEMANDING["sslmode"] else [])]


def option_files(engine: str, options: Mapping[str, Any]) -> list[str]:
    """Return the names of the options that make a driver of MySQL read a file, which may lead to another server."""
    if not is_mysql(engine):
        return []
    return [name for name in OPTION_FILES if str(options.get(name) or "") not in NO_FILE]
