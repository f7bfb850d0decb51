"""Whether gevent has patched this process, and drivers that wait for PostgreSQL in greenlets."""

import sys
from contextlib import suppress
from typing import Any


def is_patched_by_gevent() -> bool:
    """Return whether the sockets of this process are gevent's."""
    monkey: Any = sys.modules.get("gevent.monkey")
    return bool(monkey and monkey.is_module_patched("socket"))


def let_psycopg2_yield() -> None:
    """Let other greenlets run while psycopg2 waits, if gevent has patched this process. psycopg 3 does so by itself.

    Idempotent. It does nothing before psycopg2 is imported, and without psycogreen: then psycopg2 blocks all greenlets.
    """
    if "psycopg2" in sys.modules and is_patched_by_gevent():
        with suppress(ImportError):
            from psycogreen.gevent import patch_psycopg

            patch_psycopg()
