"""Figures as short texts."""

from dataclasses import replace

import pytest

from locust_asyncdjango.analysis.saturation import Capacity
from locust_asyncdjango.lab.report.answer import texts
from locust_asyncdjango.lab.report.answer.load_levels import FullLoad

OBJECTIVE = "failures <= 1% and p95 <= 1s"


@pytest.mark.parametrize(("ms", "text"), [(0.42, "0.4 ms"), (83.4, "83 ms"), (1000.0, "1 s"), (2740.0, "2.7 s")])
def test_durations(ms: float, text: str) -> None:
    assert texts.duration_text(ms) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.0, "0 %"), (0.0004, "< 0.1 %"), (0.004, "0.4 %"), (0.5234, "52 %"), (1.0, "100 %")]
)
def test_shares(share: float, text: str) -> None:
    assert texts.share_text(share) == text


@pytest.mark.parametrize(
    ("capacity", "load", "note"),
    [
        (None, "-", ""),
        (Capacity(OBJECTIVE, 88, 66, 121, 83.0, "p95 1.4 s"), "88 users", "83.0 req/s; 66-121 users; then p95 1.4 s"),
        (Capacity(OBJECTIVE, 500, 500, 500, 153.0), "at least 500 users", "153 req/s"),
        (
            Capacity(OBJECTIVE, 120, 101, 134, 100.0, "p95 1.6 s", "req/s"),
            "120 arrivals/s",
            "100 req/s; 101-134 arrivals/s; then p95 1.6 s",
        ),
        (Capacity(OBJECTIVE, 0, 0, 5, 0.0, "p95 2.8 s"), "below 5 users", "at the lowest load p95 2.8 s"),
    ],
)
def test_capacities(capacity: Capacity | None, load: str, note: str) -> None:
    assert (texts.load_text(capacity), texts.capacity_note(capacity)) == (load, note)


def test_the_figures_at_full_load() -> None:
    slow = FullLoad(500, 84.0, 80.25, 88.0, 0.5, 2000.0, 2700.0, 16800.0)
    assert texts.full_load_text(slow) == "500 users"
    assert texts.full_load_text(replace(slow, due_per_s=249.6)) == "250 arrivals/s"
    fast = FullLoad(10, 120.4, None, None, 0.0, 2.25, 8.0, 12.0)
    assert [texts.goodput_text(each) for each in (slow, fast, None)] == ["84.0 (80.2-88.0) req/s", "120 req/s", "-"]
    assert [texts.latencies_text(each) for each in (slow, fast, None)] == [
        *("2.0 / 2.7 / 16.8 s", "2.2 / 8.0 / 12.0 ms", "-"),
    ]
    assert (texts.count_text(None), texts.count_text(70.4, "MB"), texts.count_text(0)) == ("-", "70 MB", "0")
