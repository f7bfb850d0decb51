"""A site whose saturation point is known, because it is planted: ``uvicorn --factory planted_site:planted``.

The environment sets it: PLANTED_KIND (see KINDS), PLANTED_SLOTS and PLANTED_SERVICE_MS.
"""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

REFUSAL = b"FATAL:  sorry, too many clients already"
STALL_AT_S, STALL_S = 10.0, 2.0
"""When a site stands still, since its first request, and for how long."""
STEEPNESS = 0.8
"""How much longer a gradual site takes with twice as many requests as slots: 1 would keep its rate the same."""

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class Site:
    """Counts the requests that it works on, the waiting ones too. A request that has just come is among them."""

    def __init__(self, kind: str, slots: int, service_s: float) -> None:
        self.slots = slots
        self.service_s = service_s
        self.in_flight = 0
        self.free_slots = asyncio.Semaphore(slots)
        self.only_slot = asyncio.Semaphore(1)
        self.begun_s = 0.0
        """When the first request came."""
        self._serve = KINDS[kind]

    async def __call__(self, scope: dict[str, Any], _receive: Receive, send: Send) -> None:
        """ASGI."""
        if scope["type"] == "http":
            self.begun_s = self.begun_s or time.monotonic()
        self.in_flight += 1
        try:
            status = await self._serve(self)
        finally:
            # Before the answer is sent: whoever has it may ask again at once.
            self.in_flight -= 1
        body = b"ok\n" if status == HTTPStatus.OK else REFUSAL
        headers = [(b"content-type", b"text/plain"), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": int(status), "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def slots(site: Site) -> HTTPStatus:
    """As many at once as there are slots; the others wait, first come, first served."""
    async with site.free_slots:
        await asyncio.sleep(site.service_s)
    return HTTPStatus.OK


async def fails(site: Site) -> HTTPStatus:
    """Refuses what comes while more than the slots are in flight, and takes as long for it."""
    status = HTTPStatus.OK if site.in_flight <= site.slots else HTTPStatus.INTERNAL_SERVER_ERROR
    await asyncio.sleep(site.service_s)
    return status


async def gradual(site: Site) -> HTTPStatus:
    """Takes the longer the more are in flight beyond the slots."""
    beyond = max(site.in_flight - site.slots, 0) / site.slots
    await asyncio.sleep(site.service_s * (1 + STEEPNESS * beyond))
    return HTTPStatus.OK


async def flat(site: Site) -> HTTPStatus:
    """One at once: saturated from the first user."""
    async with site.only_slot:
        await asyncio.sleep(site.service_s)
    return HTTPStatus.OK


async def linear(site: Site) -> HTTPStatus:
    """Takes the same time however many there are."""
    await asyncio.sleep(site.service_s)
    return HTTPStatus.OK


async def stalls(site: Site) -> HTTPStatus:
    """As slots; but once it stands still: what comes then is served when it goes on."""
    goes_on_s = site.begun_s + STALL_AT_S + STALL_S - time.monotonic()
    if 0 < goes_on_s < STALL_S:
        await asyncio.sleep(goes_on_s)
    return await slots(site)


KINDS: dict[str, Callable[[Site], Awaitable[HTTPStatus]]] = {
    "slots": slots,
    "fails": fails,
    "gradual": gradual,
    "flat": flat,
    "linear": linear,
    "stalls": stalls,
}
"""How a request is served, and with what status."""


def planted() -> Site:
    """What the environment says."""
    service_s = float(os.environ["PLANTED_SERVICE_MS"]) / 1000
    return Site(os.environ["PLANTED_KIND"], int(os.environ["PLANTED_SLOTS"]), service_s)
