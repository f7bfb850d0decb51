"""The slots of a server: how many requests are sent, and what is wrong with the answers."""

import pytest

from locust_asyncdjango.lab.environment.servers import SERVERS, Server
from locust_asyncdjango.lab.measure.slots import Slots, requests_to_send, slot_mismatches


@pytest.mark.parametrize(
    ("name", "workers", "slots", "wrong"),
    [
        ("gunicorn-sync", 1, Slots(1, 1, 4), []),
        ("gunicorn-sync", 2, Slots(2, 1, 5), []),
        ("gunicorn-sync", 2, Slots(1, 1, 5), ["1 processes respond, not 2"]),
        ("gunicorn-sync", 1, Slots(1, 2, 4), ["a process had 2 requests in flight, more than 1"]),
        ("gunicorn-gevent", 1, Slots(1, 120, 120), []),
        ("uvicorn", 2, Slots(2, 60, 120), []),
        ("uvicorn", 1, Slots(1, 40, 120), ["of 120 requests at once a process had 40 in flight, not 120"]),
    ],
)
def test_slots_are_compared_with_the_table(name: str, workers: int, slots: Slots, wrong: list[str]) -> None:
    assert slot_mismatches(SERVERS[name], workers, slots) == wrong


def test_a_few_more_requests_are_sent_than_there_should_be_slots() -> None:
    assert requests_to_send(SERVERS["gunicorn-sync"], 1) == 4
    assert requests_to_send(SERVERS["uwsgi-100-threads"], 1) == 103
    assert requests_to_send(SERVERS["uvicorn"], 1) == 120
    assert requests_to_send(Server("mine", "wsgi"), 1) == 10
