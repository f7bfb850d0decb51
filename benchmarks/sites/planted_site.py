"""An ASGI site whose saturation point is known: ``uvicorn --factory planted_site:create_site``.

The environment sets it: PLANTED_KIND (see KINDS), PLANTED_SLOTS and PLANTED_SERVICE_MS (of one request).
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

REFUSAL = b"FATAL:  sorry, too many clients already"
STALL_AT_S, STALL_S = 10.0, 2.0
"""How many seconds after its first request a site stalls, and for how many seconds."""
STEEPNESS = 0.8
"""How much longer a gradual site takes with twice as many requests as slots. With 1, its rate would stay the same."""

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Site:
    """A site that counts the requests in flight: those it works on, those that wait, and the one that just arrived."""

    def __init__(self, kind: str, slots: int, service_s: float) -> None:
        self.slots = slots
        self.service_s = service_s
        self.in_flight = 0
        self.free_slots = asyncio.Semaphore(slots)
        self.only_slot = asyncio.Semaphore(1)
        self.begun_s = 0.0
        """The monotonic time of the first request; 0 before it."""
        self._serve = KINDS[kind]

    async def __call__(self, scope: dict[str, Any], _receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI calls an application."""
        if scope["type"] == "http":
            self.begun_s = self.begun_s or time.monotonic()
        self.in_flight += 1
        try:
            status = await self._serve(self)
        finally:
            # Before the response is sent: its receiver may send the next request at once.
            self.in_flight -= 1
        body = b"ok\n" if status == HTTPStatus.OK else REFUSAL
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def slots(site: Site) -> HTTPStatus:
    """Serve as many requests at once as there are slots. The others wait in order of arrival."""
    async with site.free_slots:
        await asyncio.sleep(site.service_s)
    return HTTPStatus.OK


async def fails(site: Site) -> HTTPStatus:
    """Refuse a request that arrives while more than the slots are in flight. Refusing takes as long as serving."""
    status = HTTPStatus.OK if site.in_flight <= site.slots else HTTPStatus.INTERNAL_SERVER_ERROR
    await asyncio.sleep(site.service_s)
    return status


async def gradual(site: Site) -> HTTPStatus:
    """Take longer, the more requests are in flight beyond the slots."""
    beyond = max(site.in_flight - site.slots, 0) / site.slots
    await asyncio.sleep(site.service_s * (1 + STEEPNESS * beyond))
    return HTTPStatus.OK


async def flat(site: Site) -> HTTPStatus:
    """Serve one request at once: the site is saturated from the first user on."""
    async with site.only_slot:
        await asyncio.sleep(site.service_s)
    return HTTPStatus.OK


async def linear(site: Site) -> HTTPStatus:
    """Take the same time for each request, however many there are."""
    await asyncio.sleep(site.service_s)
    return HTTPStatus.OK


async def stalls(site: Site) -> HTTPStatus:
    """Serve like ``slots``, but stall once. Requests that arrive meanwhile are served when the stall is over."""
    stall_left_s = site.begun_s + STALL_AT_S + STALL_S - time.monotonic()
    if 0 < stall_left_s < STALL_S:
        await asyncio.sleep(stall_left_s)
    return await slots(site)


KINDS: dict[str, Callable[[Site], Awaitable[HTTPStatus]]] = {
    "slots": slots,
    "fails": fails,
    "gradual": gradual,
    "flat": flat,
    "linear": linear,
    "stalls": stalls,
}
"""The kinds of site: each serves one request, and returns its status."""


def create_site() -> Site:
    """Return the site that the environment describes."""
    service_s = float(os.environ["PLANTED_SERVICE_MS"]) / 1000
    return Site(os.environ["PLANTED_KIND"], int(os.environ["PLANTED_SLOTS"]), service_s)
