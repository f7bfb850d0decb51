"""The figures of a process."""

import os
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from locust_asyncdjango.probe.recording.ledger import NAME_LIMIT, NAMES_LIMIT, Ledger


def sums_of(ledger: Ledger) -> dict[str, dict[str, Any]]:
    """Return the sums by name."""
    return {sums["name"]: sums for sums in ledger.as_json()["requests"]}


def test_requests_are_counted_from_begin_to_end() -> None:
    ledger = Ledger()
    first, second = ledger.begin("a", "GET", ""), ledger.begin("a", "GET", "")
    first.status = second.status = 200
    ledger.end(first)
    in_flight = ledger.as_json()["in_flight"]
    assert (in_flight["now"], in_flight["most"], max(in_flight["per_second"].values())) == (1, 2, 2)
    ledger.end(second)
    assert ledger.as_json()["in_flight"]["now"] == 0
    assert sums_of(ledger)["a"]["requests"] == 2


def test_a_request_ends_once() -> None:
    ledger = Ledger()
    record = ledger.begin("a", "GET", "")
    ledger.end(record)
    ledger.end(record)
    figures = ledger.as_json()
    assert (figures["in_flight"]["now"], figures["requests"][0]["requests"]) == (0, 1)


def test_a_request_without_a_name_has_method_and_route() -> None:
    pytest.importorskip("asgiref", reason="needs Django: pip install 'locust-asyncdjango[target]'")
    ledger = Ledger()
    record = ledger.begin("", "POST", "")
    record.match = SimpleNamespace(route="cart/<int:id>/", func=print, _func_path="shop.views.cart")
    ledger.end(record)
    ledger.end(ledger.begin("", "GET", ""))
    assert list(sums_of(ledger)) == ["POST cart/<int:id>/", "GET (no route)"]


def test_the_queue_time_counts_where_it_is_known() -> None:
    ledger = Ledger()
    for sent in (str(time.time() - 2), ""):
        ledger.end(ledger.begin("a", "GET", sent))
    sums = sums_of(ledger)["a"]
    assert sums["queued"] == 1
    assert sums["queued_s"] >= 2


def test_what_follows_the_last_byte_is_added() -> None:
    ledger = Ledger()
    record = ledger.begin("a", "GET", "")
    record.hops.append("view")
    ledger.end(record)
    record.hops.append("close")
    record.events.append(("query", 0.5))
    ledger.add_rest(record)
    ledger.add_rest(record)
    sums = sums_of(ledger)["a"]
    assert (sums["requests"], sums["hops"], sums["hop_names"]) == (1, 2, {"view": 1, "close": 1})
    assert (sums["queries"], sums["query_s"]) == (1, 0.5)


def test_a_reset_keeps_requests_in_flight() -> None:
    ledger = Ledger()
    ledger.end(ledger.begin("before", "GET", ""))
    record = ledger.begin("during", "GET", "")
    ledger.reset()
    assert ledger.as_json()["in_flight"]["now"] == 1
    ledger.end(record)
    assert list(sums_of(ledger)) == ["during"]
    assert ledger.as_json()["in_flight"]["now"] == 0


def test_names_are_bounded() -> None:
    ledger = Ledger()
    for number in range(NAMES_LIMIT + 5):
        ledger.end(ledger.begin(f"{number} " + "x" * NAME_LIMIT, "GET", ""))
    sums = sums_of(ledger)
    assert len(sums) == NAMES_LIMIT + 1
    assert (sums["other"]["requests"], max(map(len, sums))) == (5, NAME_LIMIT)


def test_threads_count_together() -> None:
    ledger = Ledger()

    def request() -> None:
        for _ in range(100):
            ledger.end(ledger.begin("a", "GET", ""))

    threads = [threading.Thread(target=request) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    figures = ledger.as_json()
    assert (figures["in_flight"]["now"], figures["requests"][0]["requests"]) == (0, 400)


def test_a_process_that_is_forked_starts_at_nothing() -> None:
    ledger = Ledger()
    ledger.begin("of the parent", "GET", "")
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.write(writer, str(ledger.as_json()["in_flight"]["now"]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as file:
        assert file.read() == "0"
