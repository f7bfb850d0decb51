"""Whether two arms completed different mixes of requests."""

from collections import Counter
from collections.abc import Sequence

import pytest

from locust_asyncdjango.lab.analysis.request_mix.mixes import (
    MOST_DISTANCE,
    RunRequests,
    find_difference,
    mix_distance,
)
from locust_asyncdjango.metrics.request_names.sums import RequestSums


def run(repeat: int = 1, in_flight: int = 0, **requests: int) -> RunRequests:
    """Return a run of ten seconds with so many requests of each name; a tenth of them failed."""
    names = {
        name: RequestSums(count - count // 10, Counter(timeout=count // 10), Counter({10.0: count - count // 10}))
        for name, count in requests.items()
    }
    return RunRequests(repeat, names, 10, in_flight)


@pytest.mark.parametrize(
    ("first", "other", "distance"),
    [
        pytest.param({"a": 10, "b": 10}, {"a": 30, "b": 30}, 0.0, id="the same"),
        pytest.param({"a": 10, "b": 10}, {"a": 15, "b": 5}, 0.25, id="a quarter"),
        pytest.param({"a": 10}, {"b": 5}, 1.0, id="nothing in common"),
    ],
)
def test_the_distance_of_two_mixes(first: dict[str, int], other: dict[str, int], distance: float) -> None:
    assert mix_distance(Counter(first), Counter(other)) == pytest.approx(distance)


@pytest.mark.parametrize(
    ("first", "other", "differ"),
    [
        pytest.param([run(a=500, b=500)], [run(a=2600, b=2400)], False, id="nearly the same"),
        pytest.param([run(a=500, b=500)], [run(a=1600, b=400)], True, id="more of the quick one"),
        pytest.param([run(a=5, b=5)], [run(a=8, b=2)], False, id="so few that it may be chance"),
        pytest.param([run(a=500)], [run(b=500)], True, id="nothing in common"),
        pytest.param([run(a=500)], [run(a=900)], False, id="a single name"),
        pytest.param([run(a=500, b=500)], [], False, id="an arm without requests"),
        pytest.param([run(a=500, b=500)], [run()], False, id="an arm without names"),
        pytest.param([run(a=900, b=100)], [run(a=990, b=10, in_flight=90)], False, id="the slow ones were in flight"),
        pytest.param(
            [run(1, a=300, b=700), run(2, a=700, b=300)],
            [run(1, a=400, b=600), run(2, a=800, b=200)],
            False,
            id="runs of the same arm differ more",
        ),
        pytest.param(
            [run(n, a=500 + n, b=500) for n in (1, 2, 3)],
            [run(n, a=700 + n, b=300) for n in (1, 2, 3)],
            True,
            id="runs of the same arm are alike",
        ),
    ],
)
def test_whether_two_mixes_differ(first: Sequence[RunRequests], other: Sequence[RunRequests], differ: bool) -> None:
    assert bool(find_difference(first, other)) == bool(find_difference(other, first)) == differ


def test_a_difference_says_how_large_it_is_and_what_could_be_explained() -> None:
    difference = find_difference([run(a=500, b=500)], [run(a=720, b=180, in_flight=100)])
    assert difference is not None
    assert (difference.distance, difference.most) == pytest.approx((0.3, MOST_DISTANCE + 0.1))
