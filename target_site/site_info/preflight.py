"""The pages that the lab reads before it measures: /preflight.json and /slots/.

/preflight.json reports what only a program inside the server process can know. /slots/ lets the lab count how many
requests the server really has in view code at once. Both need the token of this start (access.py).
"""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

from target_site.config import CONFIG
from target_site.routes.parameters import read_integer

from . import index, server_info
from .access import require_token

ROUND_TRIPS = 3
DEFAULT_HOLD_MS = 200
LONGEST_HOLD_MS = 5000


@require_token
@require_safe
def preflight_json(request: HttpRequest) -> JsonResponse:
    """Return settings, server and versions of the site, and what its database reports about itself."""
    site = index.describe_site(request)
    return JsonResponse(
        {
            "interface": site["interface"],
            "server": server_info.server_name(),
            "server_version": server_info.server_version(),
            "blocks": server_info.blocking_drivers(),
            "settings": site["settings"],
            "versions": site["versions"],
            "database": _describe_database(),
        }
    )


def _describe_database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        version = _database_setting(cursor, "server_version")
        max_connections = int(_database_setting(cursor, "max_connections"))
        round_trips_ms = [_measure_round_trip_ms(cursor) for _ in range(ROUND_TRIPS)]
    return {"server_version": version, "max_connections": max_connections, "round_trip_ms": min(round_trips_ms)}


def _database_setting(cursor: Any, name: str) -> str:
    cursor.execute(f"SHOW {name}")
    return str(cursor.fetchone()[0])


def _measure_round_trip_ms(cursor: Any) -> float:
    begin = time.perf_counter()
    cursor.execute("SELECT 1")
    return round((time.perf_counter() - begin) * 1000, 2)


class InFlightCounter:
    """Counts the requests that are in view code at the same time, in this process."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()

    @contextmanager
    def count_request(self) -> Iterator[int]:
        """Count one more request within the context. Yield how many there are, with this one."""
        with self._lock:
            self._count += 1
            count = self._count
        try:
            yield count
        finally:
            with self._lock:
                self._count -= 1


_in_flight = InFlightCounter()


@require_token
@require_safe
def slots_sync(request: HttpRequest) -> JsonResponse:
    """Stay in view code for ``ms`` milliseconds. Return how many requests of this process were in it at the start."""
    hold_ms = read_integer(request, "ms", LONGEST_HOLD_MS, DEFAULT_HOLD_MS)
    with _in_flight.count_request() as in_flight:
        time.sleep(hold_ms / 1000)
        return JsonResponse({"process": os.getpid(), "in_flight": in_flight})


@require_token
@require_safe
async def slots_async(request: HttpRequest) -> JsonResponse:
    """Do the same as slots_sync, in an async view."""
    hold_ms = read_integer(request, "ms", LONGEST_HOLD_MS, DEFAULT_HOLD_MS)
    with _in_flight.count_request() as in_flight:
        await asyncio.sleep(hold_ms / 1000)
        return JsonResponse({"process": os.getpid(), "in_flight": in_flight})


slots = slots_async if CONFIG.interface == "asgi" else slots_sync
