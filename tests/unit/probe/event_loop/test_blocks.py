"""Which line blocked a loop: the decision."""

import pytest

from locust_asyncdjango.probe.event_loop.blocks import BLOCKS_LIMIT, Blocks, blocking_place
from locust_asyncdjango.probe.event_loop.stacks import GIL, LOCK, RUNNING, SYSTEM_CALL, UNKNOWN, Place, Sample

VIEW, HELPER = Place("shop/views.py", 7, "cart"), Place("shop/models.py", 9, "total")
CALLS = ["one call", "another call", "a third call"]


def samples(state: str, places: list[Place | None], calls: list[int] | None = None) -> list[Sample]:
    """Return samples in one state. calls: the number of the call that each belongs to."""
    numbers = calls or [0] * len(places)
    return [Sample(place, state, CALLS[call] if place else None) for place, call in zip(places, numbers, strict=True)]


@pytest.mark.parametrize(
    ("taken", "share", "place"),
    [
        pytest.param(samples(SYSTEM_CALL, [VIEW] * 5), 0.01, VIEW, id="sleeps or waits for a socket"),
        pytest.param(samples(LOCK, [VIEW] * 5), 0.01, VIEW, id="waits for a lock"),
        pytest.param(samples(UNKNOWN, [VIEW] * 5), 0.0, VIEW, id="where the system says nothing"),
        pytest.param(samples(RUNNING, [VIEW, HELPER, HELPER]), 0.95, HELPER, id="computes, mostly there"),
        pytest.param(samples(GIL, [VIEW]), 0.95, VIEW, id="computes in C, and is looked at after it"),
        pytest.param(samples(RUNNING, [VIEW] * 5), 0.4, VIEW, id="computes on a busy machine"),
        pytest.param(samples(RUNNING, [VIEW] * 5), 0.1, None, id="waits for a processor"),
        pytest.param(samples(GIL, [VIEW] * 5), 0.2, None, id="waits for other threads that compute"),
        pytest.param(samples(SYSTEM_CALL, [None] * 5), 0.01, None, id="no line of the project"),
        pytest.param(samples(RUNNING, [VIEW] * 5, [0, 0, 1, 1, 2]), 0.95, None, id="many short requests"),
        pytest.param([], 0.95, None, id="never looked at"),
    ],
)
def test_the_line_that_blocked(taken: list[Sample], share: float, place: Place | None) -> None:
    assert blocking_place(taken, 0.04 * share, 0.04) == place


def test_a_line_that_computes_for_long_is_to_blame_however_busy_the_machine_is() -> None:
    taken = samples(RUNNING, [VIEW] * 5)
    assert blocking_place(taken, 0.08, 1.0) == VIEW
    assert blocking_place(taken, 0.04, 1.0) is None
    assert blocking_place(samples(RUNNING, [VIEW] * 5, [0, 0, 1, 1, 2]), 0.08, 1.0) is None


def test_blocks_are_listed_with_the_longest_sum_first() -> None:
    blocks = Blocks()
    for place, lateness_s in ((VIEW, 0.1), (HELPER, 0.3), (VIEW, 0.15)):
        blocks.add(place, lateness_s)
    assert blocks.as_json() == [
        {"file": "shop/models.py", "line": 9, "function": "total", "ms": 300.0, "most_ms": 300.0, "times": 1},
        {"file": "shop/views.py", "line": 7, "function": "cart", "ms": 250.0, "most_ms": 150.0, "times": 2},
    ]


def test_blocks_are_bounded() -> None:
    blocks = Blocks()
    for line in range(BLOCKS_LIMIT + 10):
        blocks.add(Place("a.py", line, "a"), 0.1)
    assert len(blocks.as_json()) == BLOCKS_LIMIT
