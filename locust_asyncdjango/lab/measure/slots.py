"""The slots of a server, measured: requests that are held show how many a process works on at once."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.metrics.strict_json import loads, whole_number
from locust_asyncdjango.probe.protocol import SLOTS_PATH

RESPONSE_TIMEOUT_S = 30
HOLDS_MS = (200, 500, 2000, 5000)
"""How long the requests of each round are held. A longer round follows while the server has not shown all its slots."""
MAX_REQUESTS = 120
"""Requests that are sent at once to a server of many slots."""
REQUESTS_FOR_UNKNOWN_SLOTS = 10
"""Requests that are sent at once to a server of the user's whose number of slots is not given."""
REQUESTS_BEYOND = 3
"""Requests beyond the expected number of slots, which show whether a server has more of them."""


@dataclass(frozen=True, slots=True)
class Slots:
    """What was measured of a server's slots.

    processes: how many have responded.
    most_in_flight: the most requests that one process had in flight.
    sent: how many requests were sent at once.
    """

    processes: int
    most_in_flight: int
    sent: int


def require_label(site: Site, server: Server, workers: int, mismatches: Sequence[str]) -> Slots:
    """Return the slots of a server, which are measured where it is what its label says in all else.

    mismatches: in words, how it differs otherwise. Raise TrialError where it differs.
    """
    if not mismatches:
        slots = measure_slots(site, server, workers)
        mismatches = slot_mismatches(server, workers, slots)
    if mismatches:
        raise TrialError(f"{server.name} is not what its label says: {'; '.join(mismatches)}")
    return slots


def slot_mismatches(server: Server, workers: int, slots: Slots) -> list[str]:
    """Return in words how the measured slots differ from the server's label; empty for one whose slots are unknown."""
    if not server.identity and server.slots is None:
        return []
    expected = expected_in_flight(server, workers, slots.sent)
    limit = slots.sent if server.slots is None else server.slots
    checks = [
        (
            slots.most_in_flight <= limit,
            f"a process had {slots.most_in_flight} requests in flight, more than {limit}",
        ),
        (
            slots.most_in_flight >= expected,
            f"of {slots.sent} requests at once a process had {slots.most_in_flight} in flight, not {expected}",
        ),
        (not server.identity or slots.processes == workers, f"{slots.processes} processes respond, not {workers}"),
    ]
    return [reason for is_right, reason in checks if not is_right]


def expected_in_flight(server: Server, workers: int, sent: int) -> int:
    """Return the fewest requests that its busiest process has in flight when ``sent`` requests are sent at once."""
    share = -(-sent // workers)
    return share if server.slots is None else min(server.slots, share)


def measure_slots(site: Site, server: Server, workers: int) -> Slots:
    """Return the slots of a server. Hold more requests than it should have slots, in rounds, until all slots show."""
    wait_for_processes(site, workers)
    sent = requests_to_send(server, workers)
    most: dict[int, int] = {}
    for hold_ms in HOLDS_MS:
        for process, in_flight in _hold_requests(site, sent, hold_ms):
            most[process] = max(most.get(process, 0), in_flight)
        slots = Slots(len(most), max(most.values()), sent)
        if not slot_mismatches(server, workers, slots):
            break
    return slots


def wait_for_processes(site: Site, workers: int) -> None:
    """Wait until each process of a server has responded, or RESPONSE_TIMEOUT_S have passed.

    A server responds as soon as its first process does. ``slot_mismatches`` reports processes that never respond.
    """
    deadline_s = time.monotonic() + RESPONSE_TIMEOUT_S
    processes: set[int] = set()
    while workers > 1 and len(processes) < workers and time.monotonic() < deadline_s:
        processes |= {process for process, _ in _hold_requests(site, sent=4 * workers, hold_ms=20)}


def requests_to_send(server: Server, workers: int) -> int:
    """Return how many requests are sent at once to measure the slots of a server."""
    if server.slots is not None:
        return min(MAX_REQUESTS, server.slots * workers + REQUESTS_BEYOND)
    return MAX_REQUESTS if server.identity else REQUESTS_FOR_UNKNOWN_SLOTS


def _hold_requests(site: Site, sent: int, hold_ms: int) -> list[tuple[int, int]]:
    send = partial(site.read, f"{SLOTS_PATH}?ms={hold_ms}", RESPONSE_TIMEOUT_S)
    pool = ThreadPoolExecutor(sent)
    try:
        bodies = [loads(future.result()) for future in [pool.submit(send) for _ in range(sent)]]
        return [(whole_number(body["process"]), whole_number(body["in_flight"])) for body in bodies]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise TrialError(f"the slots of {urlsplit(site.url).netloc} cannot be measured: {error}") from None
    finally:
        # Do not wait: when the lab is stopped, it stops the server, which ends the requests that are still held.
        pool.shutdown(wait=False, cancel_futures=True)
