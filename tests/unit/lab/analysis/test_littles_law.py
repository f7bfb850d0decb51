"""Little's law holds for users that never pause, and its text says why it does not hold for others."""

import pytest

from locust_asyncdjango.lab.analysis.littles_law import check_littles_law
from locust_asyncdjango.metrics.interval import Interval
from tests.support.planted_runs import climbed, slots


def test_littles_law_holds_or_the_reason_is_given() -> None:
    holds = check_littles_law(climbed(slots(50), 100))
    assert holds is not None
    assert holds.holds
    assert holds.low <= holds.ratio <= holds.high
    pausing = check_littles_law(climbed(slots(50), 100, pause_ms=50))
    assert pausing is not None
    assert not pausing.holds
    assert pausing.why.startswith("users pause ")
    assert pausing.pause_ms == pytest.approx(50, rel=0.1)
    bound = check_littles_law(climbed(slots(50), 100, pause_ms=50, cpu=97.0))
    assert bound is not None
    assert "the generator is the limit: it uses 97 % of its processor" in bound.why
    more = check_littles_law(climbed(slots(50), 100, pause_ms=-50))
    assert more is not None
    assert more.why.startswith("more requests are in flight than there are users")


def test_where_most_requests_do_not_end_nothing_is_known() -> None:
    intervals = [Interval(t, 50 * (t + 1), 1, busy_s=0.7 * (t + 1), mean_ms=700.0 * (t + 1)) for t in range(12)]
    intervals[-1].in_flight, intervals[-1].in_flight_s = 590, 11.5
    law = check_littles_law(intervals)
    assert law is not None
    assert (law.holds, law.is_unknown, law.generator_bound) == (False, True, False)
    assert law.why == (
        "unknown, because 590 requests had not ended when the run did, the oldest after 11.5 s;"
        " run longer, so that their time is part of the ratio"
    )


def test_littles_law_is_not_checked_without_answers_or_with_late_requests() -> None:
    assert check_littles_law([]) is None
    assert check_littles_law([Interval(t, users=5, ok=0) for t in range(20)]) is None
    assert check_littles_law([Interval(t, users=5, ok=5, late=1) for t in range(20)]) is None
