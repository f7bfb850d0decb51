"""How far a worker's clock is from its master's, by messages that take some time."""

import pytest

from locust_asyncdjango.plugin.generator.worker_clock import WorkerClock


def clock_after(behind_s: float, *delays_s: float) -> WorkerClock:
    """Return the clock of a worker after messages that took so long."""
    clock = WorkerClock()
    for t, delay_s in enumerate(delays_s):
        clock.observe(1000.0 + t, 1000.0 + t + behind_s + delay_s)
    return clock


@pytest.mark.parametrize(
    ("behind_s", "delays_s", "shift_s", "difference_s"),
    [
        pytest.param(0.0, (0.02,) * 3, 0, None, id="the same clock"),
        pytest.param(0.97, (0.02,) * 3, 0, None, id="within a second"),
        pytest.param(-1.0, (0.02,) * 3, 0, None, id="within a second, ahead"),
        pytest.param(-120.0, (0.02,), -120, 119.98, id="ahead is certain at once"),
        pytest.param(120.0, (0.02, 0.02), 0, None, id="behind may be a slow message"),
        pytest.param(0.0, (2.0,), 0, None, id="one slow message"),
        pytest.param(120.0, (0.02, 0.3, 0.01), 120, 120.01, id="behind"),
        pytest.param(1.4, (0.01,) * 3, 1, 1.41, id="to whole seconds"),
        pytest.param(0.0, (5.0, 0.02, 0.02), 0, None, id="a first message that took long"),
        pytest.param(-3.0, (9.0, 0.02), -3, 2.98, id="a first message that took long, of a clock that is ahead"),
        pytest.param(10.49, (0.02, 0.0, 0.001), 11, 10.49, id="a faster message moves nothing"),
    ],
)
def test_the_difference_of_two_clocks(
    behind_s: float, delays_s: tuple[float, ...], shift_s: int, difference_s: float | None
) -> None:
    clock = clock_after(behind_s, *delays_s)
    assert clock.shift_s == shift_s
    assert clock.is_certain == (clock.behind_s <= 1 or len(delays_s) == 3)
    assert clock.difference_s == (difference_s if difference_s is None else pytest.approx(difference_s))


def test_nothing_is_known_before_the_first_message() -> None:
    clock = WorkerClock()
    assert (clock.is_certain, clock.shift_s, clock.difference_s) == (False, 0, None)
