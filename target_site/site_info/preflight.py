"""What a measurement is to be sure of before it begins: /preflight.json and /slots/."""

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

from target_site.config import FACTORS
from target_site.routes.parameters import number
from target_site.site_info import index, server_info

ROUND_TRIPS = 3
DEFAULT_HOLD_MS = 200
LONGEST_HOLD_MS = 5000


@require_safe
def preflight_json(request: HttpRequest) -> JsonResponse:
    """What the site is set to and what it runs on, with what its database says of itself."""
    told = index.about(request)
    return JsonResponse(
        {
            "interface": told["interface"],
            "server": server_info.server(),
            "server_version": server_info.server_version(),
            "blocks": server_info.blocking_drivers(),
            "settings": told["settings"],
            "versions": told["versions"],
            "database": _about_database(),
        }
    )


def _about_database() -> dict[str, Any]:
    with connection.cursor() as cursor:
        facts = {name: _asked(cursor, f"SHOW {name}") for name in ("server_version", "max_connections")}
        round_trips = [_timed_ms(cursor) for _ in range(ROUND_TRIPS)]
    return {
        "server_version": facts["server_version"],
        "max_connections": int(facts["max_connections"]),
        "round_trip_ms": min(round_trips),
    }


def _asked(cursor: Any, query: str) -> str:
    cursor.execute(query)
    return str(cursor.fetchone()[0])


def _timed_ms(cursor: Any) -> float:
    begin = time.perf_counter()
    cursor.execute("SELECT 1")
    return round((time.perf_counter() - begin) * 1000, 2)


class InFlight:
    """How many requests are inside view code at once, in this process."""

    def __init__(self) -> None:
        self._now = 0
        self._lock = threading.Lock()

    @contextmanager
    def one_more(self) -> Iterator[int]:
        """How many there are with this one."""
        with self._lock:
            self._now += 1
            now = self._now
        try:
            yield now
        finally:
            with self._lock:
                self._now -= 1


_in_flight = InFlight()


@require_safe
def slots_sync(request: HttpRequest) -> JsonResponse:
    """Stays in view code for ms, and says how many requests this process had there when it came."""
    hold_ms = number(request, "ms", LONGEST_HOLD_MS, DEFAULT_HOLD_MS)
    with _in_flight.one_more() as now:
        time.sleep(hold_ms / 1000)
        return JsonResponse({"process": os.getpid(), "in_flight": now})


@require_safe
async def slots_async(request: HttpRequest) -> JsonResponse:
    """The same, in an async view."""
    hold_ms = number(request, "ms", LONGEST_HOLD_MS, DEFAULT_HOLD_MS)
    with _in_flight.one_more() as now:
        await asyncio.sleep(hold_ms / 1000)
        return JsonResponse({"process": os.getpid(), "in_flight": now})


slots = slots_async if FACTORS.interface == "asgi" else slots_sync
