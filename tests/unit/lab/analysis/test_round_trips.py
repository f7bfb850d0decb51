"""Round trips are the slope of unloaded latencies over the added latency."""

import pytest

from locust_asyncdjango.lab.analysis.round_trips import fit_round_trips


def test_a_line_through_several_latencies_has_an_interval() -> None:
    fit = fit_round_trips([(0, 40.0), (100, 741.0), (200, 1440.0)])
    assert fit is not None
    assert (round(fit.round_trips, 2), round(fit.base_ms, 1)) == (7.0, 40.3)
    assert (round(fit.low or 0, 2), round(fit.high or 0, 2)) == (6.93, 7.07)
    assert round(fit.latency_ms(741.0)) == 100


def test_two_points_have_no_interval_and_one_latency_no_fit() -> None:
    fit = fit_round_trips([(0, 40.0), (100, 740.0)])
    assert fit is not None
    assert (fit.round_trips, fit.base_ms) == pytest.approx((7.0, 40.0))
    assert (fit.low, fit.high) == (None, None)
    assert fit_round_trips([(100, 40.0), (100, 50.0)]) is None
    assert fit_round_trips([]) is None
