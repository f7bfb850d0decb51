"""What a request takes while it is the only one: asked one after another before the load, which also warms the site."""

import time
from collections.abc import Callable
from contextlib import suppress
from statistics import median
from urllib.parse import urlencode

from locust_asyncdjango.lab.environment import machine
from locust_asyncdjango.lab.environment.http_client import get, post
from locust_asyncdjango.lab.experiment.result import Baseline
from locust_asyncdjango.lab.experiment.spec import Trial
from locust_asyncdjango.routes import FORM, ROUTES

MIN_REQUESTS, MAX_REQUESTS = 3, 100
MIN_DURATION_S = 1.0
RESPONSE_TIMEOUT_S = 60


def measure_baseline(trial: Trial, url: str) -> Baseline | None:
    """Asks a server that nobody else asks; None where it does not answer as it should: the load will tell how."""
    route = ROUTES[trial.route]
    address = f"{url}{route.path}{trial.variant}{'/' if trial.variant else ''}"
    form = urlencode(FORM).encode()
    ask = (
        (lambda: get(address, RESPONSE_TIMEOUT_S))
        if route.method == "GET"
        else (lambda: post(address, form, RESPONSE_TIMEOUT_S))
    )
    with suppress(OSError):
        nothing = _latencies_ms(lambda: get(f"{url}/healthz", RESPONSE_TIMEOUT_S))
        before_s = machine.lab_cpu_s()
        requests = _latencies_ms(ask)
        cpu_ms = (machine.lab_cpu_s() - before_s) * 1000 / (len(requests) + 1)
        return Baseline(round(median(requests), 3), round(median(nothing), 3), len(requests), round(cpu_ms, 3))
    return None


def _latencies_ms(ask: Callable[[], bytes]) -> list[float]:
    """The first is not counted: imports, caches and connections that stay are made in it."""
    ask()
    found: list[float] = []
    begin = time.monotonic()
    while len(found) < MIN_REQUESTS or (time.monotonic() - begin < MIN_DURATION_S and len(found) < MAX_REQUESTS):
        before = time.perf_counter()
        ask()
        found.append((time.perf_counter() - before) * 1000)
    return found
