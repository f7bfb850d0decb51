"""Find a page by its path, and write it as JSON."""

import asyncio
import json
import time
from typing import Any
from urllib.parse import parse_qs

from ..event_loop.watch import LoopWatches
from ..hooks import http_calls
from ..protocol import FIGURES_PATH, PREFLIGHT_PATH, SLOTS_PATH
from ..recording.ledger import Ledger
from .figures import figures_page
from .preflight import preflight_page
from .slots import Slots, hold_time_ms

Response = tuple[int, bytes]
"""Status and body."""


class Pages:
    """The pages of this process. interface: wsgi or asgi."""

    def __init__(self, interface: str, ledger: Ledger, watches: LoopWatches) -> None:
        self._interface = interface
        self._ledger = ledger
        self._watches = watches
        self._slots = Slots()

    def has(self, path: str, method: str) -> bool:
        """Return whether there is such a page."""
        return path in {PREFLIGHT_PATH, SLOTS_PATH, FIGURES_PATH} and method == "GET"

    def headers(self, body: bytes) -> list[tuple[str, str]]:
        """Return the header fields of a page."""
        return [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ]

    def respond(self, path: str, query: str) -> Response:
        """Return a page. The one of the slots waits in this thread."""
        parameters = parse_qs(query)
        if path != SLOTS_PATH:
            return self._write(path, parameters)
        hold_ms = hold_time_ms(parameters)
        if hold_ms is None:
            return _wrong_time()
        with self._slots.hold() as slots:
            time.sleep(hold_ms / 1000)
        return 200, _as_json(slots)

    async def respond_async(self, path: str, query: str) -> Response:
        """Return a page. The one of the slots waits in the event loop. What asks the database runs in a thread."""
        parameters = parse_qs(query)
        if path == PREFLIGHT_PATH:
            return await asyncio.get_running_loop().run_in_executor(None, self._write, path, parameters)
        if path != SLOTS_PATH:
            return self._write(path, parameters)
        hold_ms = hold_time_ms(parameters)
        if hold_ms is None:
            return _wrong_time()
        with self._slots.hold() as slots:
            await asyncio.sleep(hold_ms / 1000)
        return 200, _as_json(slots)

    def _write(self, path: str, parameters: dict[str, list[str]]) -> Response:
        if path == PREFLIGHT_PATH:
            return 200, _as_json(preflight_page(self._interface))
        # The project may have imported another client since.
        http_calls.install()
        page = figures_page(self._interface, self._ledger, self._watches)
        if parameters.get("reset") == ["1"]:
            self._ledger.reset()
            self._watches.reset()
        return 200, _as_json(page)


def _wrong_time() -> Response:
    return 400, _as_json({"detail": "ms must be a whole number from 0 to 5000"})


def _as_json(page: dict[str, Any]) -> bytes:
    return json.dumps(page).encode()
