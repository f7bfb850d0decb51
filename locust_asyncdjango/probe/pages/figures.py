"""The figures of this process."""

from typing import Any

from ..event_loop.watch import LoopWatches
from ..protocol import FIGURES_FORMAT
from ..recording.ledger import Ledger

VERSION = 1
"""The version of the figures' members. Members may be added within one."""


def figures_page(interface: str, ledger: Ledger, watches: LoopWatches) -> dict[str, Any]:
    """Return what this process has measured since its start, or since it was reset."""
    return {
        "format": FIGURES_FORMAT,
        "version": VERSION,
        "interface": interface,
        **ledger.as_json(),
        "loop": watches.as_json(),
        "pools": pool_statistics(),
    }


def pool_statistics() -> dict[str, dict[str, int]]:
    """Return what psycopg's pools of Django's connections count, by the alias of the database."""
    from django.db import connections

    # The pools of PostgreSQL's backend, which all threads share. Other backends have none.
    pools: dict[str, Any] = {}
    for alias in connections:
        pools |= getattr(type(connections[alias]), "_connection_pools", {})
    return {alias: dict(pool.get_stats()) for alias, pool in pools.items()}
