"""What a generator measures of itself, by a clock that only the test moves."""

import pytest

from locust_asyncdjango.plugin.generator.meter import GeneratorMeter
from tests.support.virtual_time import VirtualTime


class Processor:
    """The processor time of a process."""

    def __init__(self) -> None:
        self.used_s = 7.5

    def clock(self) -> float:
        return self.used_s


def make_meter(*late_s: float) -> tuple[VirtualTime, Processor, GeneratorMeter]:
    """Return a meter with its clocks. late_s: by how much the first timers of the event loop are late."""
    time, processor, late = VirtualTime(), Processor(), iter(late_s)

    def sleep(seconds: float) -> None:
        time.sleep(seconds)
        time.now_s += next(late, 0.0)  # nothing else runs

    return time, processor, GeneratorMeter(time.clock, processor.clock, sleep)


def test_the_first_reading_is_of_the_time_since_the_start() -> None:
    time, processor, meter = make_meter()
    time.advance(5)
    processor.used_s += 3
    meter.start()
    assert meter.read() == (None, None)
    time.advance(0.5)
    processor.used_s += 0.2
    assert meter.read() == pytest.approx((40.0, 0.0))
    time.advance(1)
    assert meter.read() == pytest.approx((0.0, 0.0), abs=1e-6)
    meter.stop()
    meter.stop()


@pytest.mark.parametrize(
    ("blocked_s", "times", "lag_ms"),
    [
        pytest.param(0.05, 1, 1.25, id="a garbage collection"),
        pytest.param(0.5, 1, 125.0, id="one long task"),
        pytest.param(0.02, 25, 5.0, id="half of the time, in short tasks"),
    ],
)
def test_the_delay_is_that_of_what_happens_at_any_moment(blocked_s: float, times: int, lag_ms: float) -> None:
    time, _, meter = make_meter(*[blocked_s] * times)
    meter.start()
    time.advance(1)
    assert meter.read()[1] == pytest.approx(lag_ms)
    meter.stop()


def test_a_meter_that_was_stopped_begins_anew() -> None:
    time, processor, meter = make_meter(3.0)
    meter.start()
    time.advance(2)
    meter.stop()
    meter.start()
    time.advance(1)
    processor.used_s += 1
    assert meter.read() == pytest.approx((100.0, 0.0), abs=1e-6)
    meter.stop()
