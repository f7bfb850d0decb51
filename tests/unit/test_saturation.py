"""Planted truths: series whose figures are known."""

from collections import Counter

from locust_asyncdjango.saturation import KindOnset, Onset, Saturation, saturation
from locust_asyncdjango.series import Row, Series


def series(*rows: Row) -> Series:
    return Series.of({}, rows)


def row(t: int, users: int, ok: int, ms: float, **failed: int) -> Row:
    return Row(t, users, ok, Counter(failed), ok_ms=Counter({ms: ok} if ok else {}))


def test_a_ramp_over_a_server_with_50_slots_that_breaks_at_100_users() -> None:
    # 100 ms a request: 10 req/s a user up to 50 users; from there on 500 req/s and a latency that grows with the users.
    rows = []
    for t in range(40):
        users = 5 * (t + 1)
        ok = min(10 * users, 500)
        broken = {"db_too_many_clients": 7} if users > 100 else {}
        rows.append(row(t, users, ok, users / ok * 1000, **broken))
    assert saturation(series(*rows)) == Saturation(
        peak_per_s=500.0,
        peak_users=95,  # the end of the first ten seconds that ran at 500 req/s
        successes=sum(r.ok for r in rows),
        slowdown=Onset(15, 80),  # the first whose 160 ms are above one and a half times 100 ms
        errors=Onset(20, 105),
        failures=(KindOnset("db_too_many_clients", 140, Onset(20, 105)),),
    )


def test_a_flat_server_never_slows_down() -> None:
    figures = saturation(series(*(row(t, 10 + t, 100, 20.0) for t in range(20))))
    assert figures == Saturation(100.0, 19, 2000, None, None, ())


def test_a_single_slow_second_is_not_a_slowdown() -> None:
    figures = saturation(series(*(row(t, 10, 100, 90.0 if t == 9 else 20.0) for t in range(20))))
    assert figures.slowdown is None


def test_seconds_without_successes_are_passed_over() -> None:
    slow = [row(t, 10 * t, 0 if t % 2 else 1, 10.0 * t + 10) for t in range(12)]
    assert saturation(series(*slow)).slowdown == Onset(2, 20)


def test_a_run_shorter_than_the_window_is_averaged_whole() -> None:
    figures = saturation(series(row(0, 5, 10, 1.0), row(1, 10, 20, 1.0)))
    assert (figures.peak_per_s, figures.peak_users) == (15.0, 10)


def test_a_run_without_any_request() -> None:
    assert saturation(series()) == Saturation(0.0, 0, 0, None, None, ())


def test_nothing_but_failures() -> None:
    figures = saturation(series(row(0, 5, 0, 0, connect_refused=3), row(1, 10, 0, 0, connect_refused=3, timeout=9)))
    assert figures == Saturation(
        0.0,
        0,
        0,
        None,
        Onset(0, 5),
        (KindOnset("timeout", 9, Onset(1, 10)), KindOnset("connect_refused", 6, Onset(0, 5))),
    )
