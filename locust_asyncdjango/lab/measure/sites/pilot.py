"""A pilot: a few seconds of load on a running site, which show about what it carries. Start at ``run_pilot``."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from locust_asyncdjango.lab.analysis.planning.ramp_users import Pilot, find_pilot

STAGE_S = 1.0
"""How long requests are sent with the same number in flight."""
DEADLINE_S = 3.0
"""How long the responses of a stage are awaited, from its beginning."""


def run_pilot(send: Callable[[], object]) -> Pilot:
    """Load a site for a few seconds. send: sends one request, in any thread; raises OSError where it fails."""
    return find_pilot(lambda in_flight: successes_per_s(send, in_flight))


def successes_per_s(send: Callable[[], object], in_flight: int) -> float:
    """Keep requests in flight for STAGE_S, and return the successes a second until the last of them; 0 without any."""
    begin_s = time.monotonic()
    successes_s: list[float] = []

    def request_in_turn() -> None:
        while time.monotonic() - begin_s < STAGE_S:
            try:
                send()
            except OSError:
                continue
            successes_s.append(time.monotonic() - begin_s)

    pool = ThreadPoolExecutor(in_flight)
    try:
        wait([pool.submit(request_in_turn) for _ in range(in_flight)], DEADLINE_S)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)  # requests that are still in flight end with the server
    in_time = [at_s for at_s in tuple(successes_s) if at_s <= DEADLINE_S]
    return len(in_time) / max(in_time) if in_time else 0.0
