"""The Universal Scalability Law is recovered from runs that follow it, and refused for runs that do not."""

from collections import Counter

import pytest

from locust_asyncdjango.lab.analysis.scalability import fit_run, fit_scalability
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from tests.support.planted_runs import climbed, gradual, scalability_law, slots


def test_the_universal_scalability_law_is_recovered() -> None:
    fit = fit_scalability(climbed(scalability_law, 100, noise=0.02))
    assert fit is not None
    assert (fit.per_s_of_one, fit.contention, fit.coherency) == pytest.approx((20, 0.02, 0.0005), rel=0.25)
    assert fit.r2 > 0.95
    assert fit.peak_users is not None
    assert fit.low is not None
    assert fit.high is not None
    assert abs(fit.peak_users - 44.3) < 4  # sqrt((1 - 0.02) / 0.0005)
    assert fit.low <= 44.3 <= fit.high


def test_a_failure_by_chance_does_not_end_what_is_fitted() -> None:
    intervals = climbed(scalability_law, 100, noise=0.02)
    whole = fit_scalability(intervals)
    intervals[3].failed = Counter(timeout=1)
    assert fit_scalability(intervals) == whole


def test_a_law_that_does_not_fit_or_peaks_far_off_is_refused() -> None:
    poor = fit_scalability(climbed(slots(1), 100, noise=0.2))
    assert poor is not None
    assert (poor.peak_users, poor.why[:7]) == (None, "refused")
    far = fit_scalability(climbed(slots(9999), 100))
    assert far is not None
    assert (far.peak_users, far.why) == (None, "its peak lies beyond what was measured (96 users)")


def test_runs_to_which_nothing_can_be_fitted() -> None:
    nothing = fit_run([])
    assert (nothing.knee.users, nothing.scalability, nothing.littles_law) == (None, None, None)
    steady = fit_run(
        list(Series.from_rows({}, [Row(t, 10, 100, ok_ms=Counter({100.0: 100})) for t in range(30)]).intervals)
    )
    assert steady.knee.why == "users did not climb over enough different numbers"
    assert steady.scalability is None
    only_failures = fit_run(
        list(Series.from_rows({}, [Row(t, t, failed=Counter(timeout=1)) for t in range(30)]).intervals)
    )
    assert only_failures.knee.users is None


def test_the_same_run_has_the_same_fits_each_time() -> None:
    intervals = climbed(gradual(50), 125)
    assert fit_run(intervals) == fit_run(intervals)
