"""The unloaded latency of a trial: requests sent one after another before the load, which also warm the site up."""

import time
from collections.abc import Callable
from contextlib import suppress
from statistics import median

from locust_asyncdjango.lab.environment import machine
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.result import Baseline

MIN_REQUESTS, MAX_REQUESTS = 3, 100
MIN_DURATION_S = 1.0
"""Seconds after which MIN_REQUESTS requests are enough."""
ATTEMPTS = 3
"""A site that answers none of so many requests as it should is not measured."""


def measure_baseline(send: Callable[[], object], send_idle: Callable[[], object]) -> Baseline | None:
    """Measure the unloaded latency of a trial, on a server that gets no other requests.

    send: sends one request of the trial. send_idle: sends one that makes the server do no work. Both raise OSError.
    Return None if a later request fails; the run under load will show why. Raise TrialError if all of the first ones
    fail: a load would only show how fast the site fails.
    """
    _require_success(send)
    with suppress(OSError):
        healthz_ms = latencies_ms(send_idle)
        begin_cpu_s = machine.lab_cpu_s()
        request_ms = latencies_ms(send)
        cpu_ms = (machine.lab_cpu_s() - begin_cpu_s) * 1000 / (len(request_ms) + 1)
        return Baseline(
            request_ms=round(median(request_ms), 3),
            healthz_ms=round(median(healthz_ms), 3),
            requests=len(request_ms),
            cpu_ms=round(cpu_ms, 3),
        )
    return None


def _require_success(send: Callable[[], object]) -> None:
    """Send requests until one is a success. Raise TrialError where none of ATTEMPTS is."""
    reason = ""
    for _ in range(ATTEMPTS):
        try:
            send()
            return
        except OSError as error:
            reason = str(error)
    raise TrialError(f"no request before the load was a success: {reason}")


def latencies_ms(send: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """Send requests one after another, and return their latencies in milliseconds.

    The first request is left out, because it imports modules, fills caches and opens connections. At least MIN_REQUESTS
    are sent, and at most MAX_REQUESTS within MIN_DURATION_S.
    """
    send()
    latencies: list[float] = []
    begin_s = clock()
    while len(latencies) < MIN_REQUESTS or (clock() - begin_s < MIN_DURATION_S and len(latencies) < MAX_REQUESTS):
        sent_s = clock()
        send()
        latencies.append((clock() - sent_s) * 1000)
    return latencies
