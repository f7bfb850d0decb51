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

FEWEST, MOST = 3, 100
LEAST_S = 1.0
ANSWER_S = 60


def alone(trial: Trial, url: str) -> Baseline | None:
    """Asks a server that nobody else asks; None where it does not answer as it should: the load will tell how."""
    route = ROUTES[trial.route]
    address = f"{url}{route.path}{trial.variant}{'/' if trial.variant else ''}"
    form = urlencode(FORM).encode()
    ask = (lambda: get(address, ANSWER_S)) if route.method == "GET" else (lambda: post(address, form, ANSWER_S))
    with suppress(OSError):
        nothing = _timed_ms(lambda: get(f"{url}/healthz", ANSWER_S))
        before_s = machine.own_s()
        requests = _timed_ms(ask)
        cpu_ms = (machine.own_s() - before_s) * 1000 / (len(requests) + 1)
        return Baseline(round(median(requests), 3), round(median(nothing), 3), len(requests), round(cpu_ms, 3))
    return None


def _timed_ms(ask: Callable[[], bytes]) -> list[float]:
    """The first is not counted: imports, caches and connections that stay are made in it."""
    ask()
    found: list[float] = []
    begin = time.monotonic()
    while len(found) < FEWEST or (time.monotonic() - begin < LEAST_S and len(found) < MOST):
        before = time.perf_counter()
        ask()
        found.append((time.perf_counter() - before) * 1000)
    return found
