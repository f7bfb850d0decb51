"""The record of one request."""

import pytest

from locust_asyncdjango.probe.recording.record import RequestRecord, queue_time_s


@pytest.mark.parametrize(
    ("sent", "waited_s"),
    [
        ("1000.500000", 0.25),
        ("1000.750001", 0.0),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("-1e300", None),
        ("10.0", 990.75),
        ("1000000.0", None),
    ],
)
def test_the_time_in_the_queue(sent: str, waited_s: float | None) -> None:
    assert queue_time_s(sent, 1000.75) == waited_s


def test_the_clock_of_a_request_stops_while_the_server_sends() -> None:
    record = RequestRecord("", "GET", None, begin_s=10.0)
    record.pause(11.0)
    record.pause(15.0)
    record.resume(20.0)
    record.pause(20.5)
    assert record.view_s == 1.5
