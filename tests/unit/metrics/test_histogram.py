"""Latencies as they are counted: how near they are to the truth, and JSON."""

import random
from collections import Counter
from fractions import Fraction
from math import ceil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.metrics import histogram
from locust_asyncdjango.metrics.histogram import rounded_ms, sum_ms
from locust_asyncdjango.metrics.statistics import percentiles


@given(st.floats(1e-9, 1e11))
def test_a_latency_is_within_half_a_thousandth_and_stays_what_it_is(ms: float) -> None:
    assert rounded_ms(ms) == pytest.approx(ms, rel=0.0005)
    assert rounded_ms(rounded_ms(ms)) == rounded_ms(ms)


def test_percentiles_of_a_million_samples_are_within_a_thousandth() -> None:
    chance = random.Random(7)
    exact = sorted(chance.lognormvariate(3, 1.5) for _ in range(1_000_000))
    counts = Counter(map(rounded_ms, exact))
    percents = [Fraction(text) for text in ("0.1", "1", "10", "50", "90", "95", "99", "99.9", "99.99", "100")]
    expected = [exact[ceil(percent * len(exact) / 100) - 1] for percent in percents]
    assert percentiles(histogram.from_json(histogram.to_json(counts)), percents) == pytest.approx(expected, rel=0.001)


@given(st.dictionaries(st.floats(1e-3, 1e9).map(rounded_ms), st.integers(1, 10**6)))
def test_a_histogram_is_read_exactly_as_it_was_written(counts: dict[float, int]) -> None:
    assert histogram.from_json(histogram.to_json(Counter(counts))) == Counter(counts)


@pytest.mark.parametrize("text", ["-1", "1e12", "1e400", "nan", "many"])
def test_a_latency_that_is_not_possible_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"of .* ms is not possible|could not convert"):
        histogram.from_json({text: 1})


def test_the_time_of_all_requests_together() -> None:
    assert sum_ms(Counter({10.0: 3, 0.5: 2})) == 31.0
