"""Planted truths: what is fitted to seconds whose knee, law and pauses are known."""

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from locust_asyncdjango.lab.analysis.scalability import fits, knee, little, scalability
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series

Throughput = Callable[[float], float]


def climbed(per_s: Throughput, peak: float, seed: int = 0, noise: float = 0.03, **more: float) -> list[Interval]:
    """Forty seconds in which users climb to a peak, ask without a pause, and are answered at some rate."""
    chance, rows = Random(seed), []
    pause_ms, cpu = more.get("pause_ms", 0), more.get("cpu", 10.0)
    for t in range(40):
        users = peak * (t + 0.5) / 40  # in the middle of the second
        rate = per_s(users)
        ok = max(round(rate * chance.gauss(1, noise)), 1)
        ms = users / rate * 1000 - pause_ms
        rows.append(Row(t, round(peak * (t + 1) / 40), ok, ok_ms=Counter({ms: ok}), cpu=cpu))
    return list(Series.from_rows({}, rows).intervals)


def slots(n: float, service_s: float = 0.1) -> Throughput:
    return lambda users: min(users, n) / service_s


def gradual(n: float, service_s: float = 0.1) -> Throughput:
    return lambda users: users / (service_s * max(1.0, 1 + 0.8 * (users - n) / n))


def collapsing(n: float, service_s: float = 0.1) -> Throughput:
    return lambda users: users / service_s if users <= n else max(2 * n - users, 0.1) / service_s


def law(n: float) -> float:
    return 20 * n / (1 + 0.02 * (n - 1) + 0.0005 * n * (n - 1))


@pytest.mark.parametrize("n", [20, 50, 130, 310])
@pytest.mark.parametrize("server", [slots, gradual, collapsing])
def test_the_knee_is_found_in_noise(server: Callable[[float], Throughput], n: int) -> None:
    near = covered = 0
    for seed in range(10):
        found = knee(climbed(server(n), 2.5 * n, seed))
        if found.users is not None and found.low is not None and found.high is not None:
            near += abs(found.users - n) <= 0.1 * n
            covered += found.low <= n <= found.high
    assert (near >= 9, covered >= 9) == (True, True), (near, covered)


@pytest.mark.parametrize(
    ("server", "why"),
    [
        pytest.param(slots(1), "throughput does not rise with users: it is as high from the first on", id="flat"),
        pytest.param(
            slots(9999),
            "throughput rises with users to the end: more users are needed to find where it stops",
            id="linear",
        ),
    ],
)
def test_there_is_no_knee_where_none_is(server: Throughput, why: str) -> None:
    for seed in range(10):
        found = knee(climbed(server, 100, seed))
        assert (found.users, found.low, found.high, found.why) == (None, None, None, why)


def test_noise_alone_has_no_knee() -> None:
    assert [seed for seed in range(20) if knee(climbed(lambda _: 100.0, 100, seed, noise=0.3)).users is not None] == []


def test_where_two_opinions_differ_there_is_no_clear_knee() -> None:
    def two_bends(users: float) -> float:
        return 10 * min(users, 20) + 3 * min(max(users - 20, 0), 60) + max(users - 80, 0) * 0.2

    found = knee(climbed(two_bends, 100, noise=0.01))
    assert found.users is not None or found.why.startswith("no clear knee: two lines meet at ")


def test_the_universal_scalability_law_is_found_again() -> None:
    found = scalability(climbed(law, 100, noise=0.02))
    assert found is not None
    assert (found.per_s_of_one, found.contention, found.coherency) == pytest.approx((20, 0.02, 0.0005), rel=0.25)
    assert found.r2 > 0.95
    assert found.peak_users is not None
    assert found.low is not None
    assert found.high is not None
    assert abs(found.peak_users - 44.3) < 4  # sqrt((1 - 0.02) / 0.0005)
    assert found.low <= 44.3 <= found.high


def test_a_law_that_does_not_fit_or_peaks_far_off_is_refused() -> None:
    poor = scalability(climbed(slots(1), 100, noise=0.2))
    assert poor is not None
    assert (poor.peak_users, poor.why[:7]) == (None, "refused")
    far = scalability(climbed(slots(9999), 100))
    assert far is not None
    assert (far.peak_users, far.why) == (None, "its peak lies beyond what was measured (96 users)")


def test_littles_law_holds_or_says_why_not() -> None:
    holds = little(climbed(slots(50), 100))
    assert holds is not None
    assert holds.holds
    assert holds.low <= holds.ratio <= holds.high
    pausing = little(climbed(slots(50), 100, pause_ms=50))
    assert pausing is not None
    assert not pausing.holds
    assert pausing.why.startswith("users pause ")
    assert pausing.pause_ms == pytest.approx(50, rel=0.1)
    bound = little(climbed(slots(50), 100, pause_ms=50, cpu=97.0))
    assert bound is not None
    assert "the generator is the limit: its processor is busy to 97 %" in bound.why
    more = little(climbed(slots(50), 100, pause_ms=-50))
    assert more is not None
    assert more.why.startswith("more is in flight than there are users")


def test_runs_that_say_nothing() -> None:
    nothing = fits([])
    assert (nothing.knee.users, nothing.scalability, nothing.little) == (None, None, None)
    steady = fits(
        list(Series.from_rows({}, [Row(t, 10, 100, ok_ms=Counter({100.0: 100})) for t in range(30)]).intervals)
    )
    assert steady.knee.why == "users did not climb over enough different numbers"
    assert steady.scalability is None
    only_failures = fits(
        list(Series.from_rows({}, [Row(t, t, failed=Counter(timeout=1)) for t in range(30)]).intervals)
    )
    assert only_failures.knee.users is None


def test_the_same_run_has_the_same_figures_each_time() -> None:
    seconds = climbed(gradual(50), 125)
    assert fits(seconds) == fits(seconds)
