"""Two arms compared name by name."""

from collections import Counter
from dataclasses import replace

import pytest

from locust_asyncdjango.lab.analysis.request_mix.by_name import NameComparison, compare_names
from locust_asyncdjango.lab.analysis.request_mix.mixes import RunRequests
from locust_asyncdjango.metrics.request_names.sums import RequestSums


def run(repeat: int, quick: int, slow: int = 0, failed: int = 0) -> RunRequests:
    """Return a run of ten seconds."""
    names = {"GET /quick": RequestSums(quick, ok_ms=Counter({10.0: quick}))}
    if slow or failed:
        names["GET /slow"] = RequestSums(slow, Counter(timeout=failed), Counter({500.0: slow} if slow else {}))
    return RunRequests(repeat, names, 10)


def test_names_are_compared_by_their_rates_latencies_and_failures() -> None:
    quick, slow = compare_names([run(1, 400, 10, 10)], [run(1, 200)])
    assert quick.ratio == pytest.approx(2.0)
    assert replace(quick, ratio=None) == NameComparison("GET /quick", 40.0, 20.0, 10.0, 10.0, 0.0, 0.0)
    assert slow == NameComparison("GET /slow", 1.0, 0.0, 500.0, None, 0.5, 0.0)


def test_pairs_of_runs_give_an_interval() -> None:
    first = [run(1, 200), run(2, 220), run(3, 999)]
    (quick,) = compare_names(first, [run(1, 100), run(2, 110)])
    assert [quick.ratio, quick.low, quick.high] == pytest.approx([2.0, 2.0, 2.0])
    (noisy,) = compare_names(first[:2], [run(1, 100), run(2, 130)])
    assert noisy.ratio == pytest.approx((2 * 220 / 130) ** 0.5)
    assert (noisy.low or 9) < 1 < 2 < (noisy.high or 0)


def test_arms_without_names_have_nothing_to_compare() -> None:
    assert compare_names([], []) == ()
