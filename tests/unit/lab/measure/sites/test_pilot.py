"""A pilot: what is sent, and what is made of it."""

import threading

from locust_asyncdjango.lab.analysis.planning.ramp_users import IN_FLIGHT
from locust_asyncdjango.lab.measure.sites.pilot import run_pilot, successes_per_s


def test_as_many_requests_are_in_flight_as_a_stage_wants() -> None:
    both, answer = threading.Barrier(2, timeout=60), threading.Event()

    def send() -> None:
        if not answer.is_set():
            both.wait()
            answer.set()

    assert successes_per_s(send, 2) > 0


def test_a_site_that_only_fails_brings_nothing_and_gets_no_more_load() -> None:
    threads = set[int]()

    def send() -> None:
        threads.add(threading.get_ident())
        raise OSError("HTTP 500")

    assert (run_pilot(send).per_s, len(threads) <= IN_FLIGHT[0]) == (0.0, True)
