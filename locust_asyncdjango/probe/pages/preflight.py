"""What only a program inside the server's process can know: the lab compares it with an arm's label."""

import os
import threading
from typing import Any

from ..project.connection import describe_connection
from ..project.middleware import describe_all_middleware, sync_only_middleware
from ..project.origin import foreign_files
from ..project.server import (
    blocking_drivers,
    is_patched_by_gevent,
    server_name,
    server_version,
    slots_setting,
    writes_access_log,
)
from ..project.services import describe_caches, describe_databases, describe_mailers
from ..project.versions import python_and_django
from ..protocol import PREFLIGHT_FORMAT

VERSION = 1
"""The version of the page's members. Members may be added within one."""


def preflight_page(interface: str) -> dict[str, Any]:
    """Return the server, the project's settings and what its database reports about itself."""
    from django.conf import settings

    middleware = describe_all_middleware(settings)
    databases = describe_databases(settings)
    return {
        "format": PREFLIGHT_FORMAT,
        "version": VERSION,
        "interface": interface,
        "server": server_name(),
        "server_version": server_version(),
        "slots_setting": slots_setting(),
        "threads": threading.active_count(),
        "gevent": is_patched_by_gevent(),
        "blocks": blocking_drivers(),
        "access_log": writes_access_log(),
        "process": os.getpid(),
        "versions": python_and_django(),
        "debug": bool(settings.DEBUG),
        "middleware": middleware,
        "sync_only_middleware": sync_only_middleware(middleware),
        "databases": databases,
        "database": describe_connection() if databases else None,
        "caches": describe_caches(settings),
        "mailers": describe_mailers(settings),
        "foreign_files": foreign_files(settings),
    }
