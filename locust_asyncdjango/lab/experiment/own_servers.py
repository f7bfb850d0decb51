"""Servers of the user's own, as an experiment file declares them: a table [server.NAME] each."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from locust_asyncdjango.addresses import is_web_address
from locust_asyncdjango.lab.environment.servers import SERVERS, Server
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.spec import ALL

KEYS = {"interface": str, "slots": int, "argv": list, "url": str}
"""The keys of a table, which are fields of ``Server``, and the types of their values."""
_FILLED_IN = ("workers", "threads", "backlog", "python", "start", "application")
"""What may be in braces in argv, besides the port (``Server.command``); {threads} are its slots."""
_TYPE_NAMES = {str: "a text", int: "a whole number", list: "a list"}


def read_own_server(where: str, name: str, table: object) -> Server:
    """Return the server that a table declares. where: the table's name in messages. Raise UsageError."""
    if not isinstance(table, dict) or not table.keys() <= KEYS.keys():
        raise UsageError(f"{where} may have {', '.join(KEYS)} and nothing else")
    _check_types(where, table)
    if not re.fullmatch(r"[\w.-]+", name) or name in SERVERS or name in ALL:
        raise UsageError(f"{where} needs a name of its own, of letters, digits, dots and dashes")
    if table.get("interface") not in ("wsgi", "asgi"):
        raise UsageError(f'{where} needs interface = "wsgi" or "asgi"')
    if table.get("slots", 1) < 1:
        raise UsageError(f"{where} slots must be 1 or more; leave it out where there is no limit")
    argv = tuple(table.get("argv", ()))
    url = table.get("url", "").rstrip("/")
    if bool(argv) == bool(url):
        raise UsageError(f"{where} needs argv, the command that starts it, or url, where it runs already")
    if argv:
        _check_argv(where, argv)
    elif not is_web_address(url):
        raise UsageError(f"{where} url must look like http://127.0.0.1:8000")
    server = Server(name, table["interface"], table.get("slots"), argv, url=url)
    return server.with_threads(server.slots) if server.slots and server.has_threads else server


def own_server_table(server: Server) -> dict[str, Any]:
    """Return the keys and values of the table that declares a server."""
    values = {**{key: getattr(server, key) for key in KEYS}, "argv": list(server.argv)}
    return {key: value for key, value in values.items() if value}


def _check_types(where: str, table: Mapping[str, Any]) -> None:
    for key, value in table.items():
        if not isinstance(value, KEYS[key]) or isinstance(value, bool):
            raise UsageError(f"{where} {key} must be {_TYPE_NAMES[KEYS[key]]}")


def _check_argv(where: str, argv: Sequence[Any]) -> None:
    try:
        parts = [part.format_map({**dict.fromkeys(_FILLED_IN, "1"), "port": "4242"}) for part in argv]
    except (AttributeError, LookupError, ValueError):
        parts = []
    if not any("4242" in part for part in parts):
        raise UsageError(
            f"{where} argv must be texts, one of them with {{port}}; in braces there may also be"
            f" {', '.join(_FILLED_IN)}, and nothing else"
        )
