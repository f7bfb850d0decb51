"""Proof that an arm is what its label says: asked of the running server before a trial is measured.

The target site tells what it runs on and is set to (/preflight.json). How many requests a process works on at once is
not asked but tried: /slots/ holds each request for a while and says how many there are.
"""

import json
import time
import urllib.error
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from locust_asyncdjango.lab.environment.http_client import get
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.spec import DEFAULT_POOL_SIZE, Trial

HOLDS_MS = (200, 500, 2000, 5000)
"""How long each request of a round is held; a next round follows while the server has not shown all it should."""
MAX_REQUESTS = 120
REQUESTS_FOR_UNKNOWN_SLOTS = 10
"""To a server of the user's that has no number of slots to be held against."""
REQUESTS_BEYOND = 3
"""Sent beyond the slots that should be there, by which a server with more of them is found out."""
RESPONSE_TIMEOUT_S = 30
REQUIRED_KEYS = {"interface", "server", "blocks", "settings", "database"}
"""What the target site's /preflight.json says, among other things."""

NO_PREFLIGHT = "the server has no /preflight.json: nothing could be checked"


@dataclass(frozen=True, slots=True)
class Slots:
    """What was seen of a server's slots: how many processes answered, the most requests that one of them had in flight,
    and how many requests were sent at once."""

    processes: int
    most_in_flight: int
    sent: int


def inspect_server(trial: Trial, server: Server, url: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """What the running server is, for the record. environ: the lab's own, which says how the site was to be set.

    Raises TrialError where that is not what the trial's label says.
    """
    try:
        site = json.loads(get(f"{url}/preflight.json", RESPONSE_TIMEOUT_S))
    except urllib.error.HTTPError as error:
        with error:
            if error.code == 404 and not server.identity:
                return {"preflight": NO_PREFLIGHT}
            raise TrialError(f"{server.name} fails before any load: {_problem_text(error)}") from None
    except (OSError, ValueError) as error:
        raise TrialError(f"{server.name} does not tell what it is: {error}") from None
    if not (isinstance(site, dict) and site.keys() >= REQUIRED_KEYS):
        raise TrialError(f"{server.name} has a /preflight.json that is not the target site's")
    wrong = site_mismatches(trial, server, site, environ)
    if not wrong:
        seen = measure_slots(url, server, trial.workers)
        wrong = slot_mismatches(server, trial.workers, seen)
    if wrong:
        raise TrialError(f"{server.name} is not what its label says: {'; '.join(wrong)}")
    return {**site, "slots": asdict(seen)}


def site_mismatches(trial: Trial, server: Server, site: Mapping[str, Any], environ: Mapping[str, str]) -> list[str]:
    """What the site says that is not as it should be."""
    settings = site["settings"]
    access_log = environ.get("TARGET_SITE_ACCESS_LOG") or "off"
    checks = [
        (site["interface"] == server.interface, f"it serves {site['interface']}, not {server.interface}"),
        (not settings["debug"], "DEBUG is on"),
        (settings["access_log"] == access_log, f"its access log is {settings['access_log']}, not {access_log}"),
        (not settings["connections"].endswith("True"), "its pool has 4 connections (pool: True); set max_size"),
        *((False, f"{driver} blocks all greenlets: gevent patched after its import") for driver in site["blocks"]),
    ]
    if server.identity:
        gevent = "patched by gevent" if settings["gevent"] else "not patched by gevent"
        checks += [
            (site["server"] == server.identity, f"it runs on {site['server'] or 'another'}, not on {server.identity}"),
            (settings["gevent"] == server.is_gevent, f"it is {gevent}"),
            *_factors(settings, environ),
        ]
    if not server.url:
        checks += _database(trial, site["database"], environ)
    return [reason for is_right, reason in checks if not is_right]


def _factors(settings: Mapping[str, Any], environ: Mapping[str, str]) -> list[tuple[bool, str]]:
    asked = {
        "orm_driver": environ.get("TARGET_SITE_ORM_DRIVER") or "psycopg2",
        "connections": {
            "persistent": "persistent",
            "pool": f"from a pool of {environ.get('TARGET_SITE_POOL_SIZE') or DEFAULT_POOL_SIZE}",
        }.get(environ.get("TARGET_SITE_CONNECTIONS", ""), "closed after each request"),
    }
    checks = [(settings[name] == value, f"{name} is {settings[name]}, not {value}") for name, value in asked.items()]
    wanted = environ.get("TARGET_SITE_MIDDLEWARE") or "none"
    found = _middleware(settings["middleware"])
    return [*checks, (found == wanted, f"its middleware is {found}, not {wanted}")]


def _middleware(names: list[str]) -> str:
    """The factor's value that stands for these."""
    if names == ["target_site.problems.ProblemMiddleware"]:
        return "none"
    return "default+sync" if "target_site.sync_middleware.header_middleware" in names else "default"


def _database(trial: Trial, database: Mapping[str, Any], environ: Mapping[str, str]) -> list[tuple[bool, str]]:
    limit, round_trip_ms = database["max_connections"], database["round_trip_ms"]
    is_users_own = bool(environ.get("DATABASE_URL"))
    return [
        (is_users_own or limit == trial.max_connections, f"max_connections is {limit}, not {trial.max_connections}"),
        (round_trip_ms >= trial.latency_ms, f"its database is {round_trip_ms} ms away, not {trial.latency_ms}"),
    ]


def slot_mismatches(server: Server, workers: int, seen: Slots) -> list[str]:
    """What its behaviour shows that is not as it should be. Nothing is, where an own server says no number of slots."""
    if not server.identity and server.slots is None:
        return []
    should = expected_in_flight(server, workers, seen.sent)
    at_most = seen.sent if server.slots is None else server.slots
    checks = [
        (
            seen.most_in_flight <= at_most,
            f"a process had {seen.most_in_flight} requests in flight, more than {at_most}",
        ),
        (
            seen.most_in_flight >= should,
            f"of {seen.sent} requests at once a process had {seen.most_in_flight} in flight, not {should}",
        ),
        (not server.identity or seen.processes == workers, f"{seen.processes} processes answer, not {workers}"),
    ]
    return [reason for is_right, reason in checks if not is_right]


def expected_in_flight(server: Server, workers: int, sent: int) -> int:
    """The least that the busiest of its processes has in flight when so many requests have been sent at once."""
    share = -(-sent // workers)
    return share if server.slots is None else min(server.slots, share)


def measure_slots(url: str, server: Server, workers: int) -> Slots:
    """Holds more requests than there should be slots, in rounds, until the server has shown all it should."""
    wait_for_processes(url, workers)
    sent = requests_to_send(server, workers)
    most: dict[int, int] = {}
    for hold_ms in HOLDS_MS:
        for process, in_flight in _hold_requests(url, sent, hold_ms):
            most[process] = max(most.get(process, 0), in_flight)
        seen = Slots(len(most), max(most.values()), sent)
        if not slot_mismatches(server, workers, seen):
            break
    return seen


def wait_for_processes(url: str, workers: int) -> None:
    """Until each has answered: a server answers as soon as its first process does. Those that never do are not told
    here; they will be missed when it comes to the slots."""
    deadline_s = time.monotonic() + RESPONSE_TIMEOUT_S
    found: set[int] = set()
    while workers > 1 and len(found) < workers and time.monotonic() < deadline_s:
        found |= {process for process, _ in _hold_requests(url, sent=4 * workers, hold_ms=20)}


def requests_to_send(server: Server, workers: int) -> int:
    """At once, to see its slots."""
    if server.slots is not None:
        return min(MAX_REQUESTS, server.slots * workers + REQUESTS_BEYOND)
    return MAX_REQUESTS if server.identity else REQUESTS_FOR_UNKNOWN_SLOTS


def _hold_requests(url: str, sent: int, hold_ms: int) -> list[tuple[int, int]]:
    ask = partial(get, f"{url}/slots/?ms={hold_ms}", RESPONSE_TIMEOUT_S)
    pool = ThreadPoolExecutor(sent)
    try:
        answers = [json.loads(asked.result()) for asked in [pool.submit(ask) for _ in range(sent)]]
        return [(answer["process"], answer["in_flight"]) for answer in answers]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise TrialError(f"{urlsplit(url).netloc} does not hold requests: {error}") from None
    finally:
        # Not waited for: who stops the lab stops the server, and with it what is still being asked.
        pool.shutdown(wait=False, cancel_futures=True)


def _problem_text(error: urllib.error.HTTPError) -> str:
    try:
        problem = json.loads(error.read())
        told = " ".join(str(problem[key]) for key in ("exception", "detail") if problem.get(key))
    except (ValueError, AttributeError):
        told = ""
    return f"HTTP {error.code} {told}".strip()
