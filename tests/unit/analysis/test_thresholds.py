"""Planted seconds -> crossings of thresholds."""

from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locust_asyncdjango.analysis.thresholds import (
    Crossing,
    Threshold,
    ThresholdMonitor,
    crossings,
    parse_threshold,
    unchecked_thresholds,
)
from locust_asyncdjango.metrics.request_names.sums import RequestSums, sum_of_all
from locust_asyncdjango.metrics.row import Row

METRICS = ["p50", "p99.9", "p100", "mean", "rps", "requests", "failures", "ratio", "timeout"]


def row(t: int, ok: int = 0, ms: float = 100.0, **failed: int) -> Row:
    """A second with ten users more than the one before."""
    return Row(t, 10 * t + 10, ok, Counter(failed), ok_ms=Counter({ms: ok} if ok else {}))


def first_crossing(text: str, rows: Iterable[Row]) -> tuple[int, int, float] | None:
    """When, with how many users and at which value a run crosses."""
    monitor = ThresholdMonitor(parse_threshold(text))
    for each in rows:
        monitor.add(each)
    crossing = monitor.crossing()
    return (crossing.t, crossing.users, crossing.value) if crossing else None


RUN = [
    row(0, ok=10, ms=100.0),
    row(1, ok=10, ms=300.0, timeout=1),
    row(2, timeout=3),  # no success
    row(3),  # no request
    row(4, ok=10, ms=300.0),
    row(5, ok=10, ms=200.0),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("p50>150ms", (5, 60, 200.0), id="the median of 40"),
        pytest.param("p25>100", None, id="the tenth of 40 is still 100 ms"),
        pytest.param("p25.1>100", (5, 60, 200.0), id="the eleventh is not"),
        pytest.param("p100>=300", (5, 60, 300.0), id="the slowest"),
        pytest.param("mean>224ms", (5, 60, 225.0), id="the mean"),
        pytest.param("rps<7", (5, 60, 40 / 6), id="40 successes in six seconds"),
        pytest.param("requests<45", (5, 60, 44.0), id="failures are requests too"),
        pytest.param("failures>3", (5, 60, 4.0), id="failures"),
        pytest.param("failures>9%", (5, 60, 4 / 44), id="their share"),
        pytest.param("ratio>9%", (5, 60, 4 / 44), id="their share by its name"),
        pytest.param("timeout>=4", (5, 60, 4.0), id="a kind"),
        pytest.param("timeout>10%", None, id="a kind's share"),
        pytest.param("app_error>0", None, id="a kind that did not happen"),
        pytest.param("p50>150ms for 2s", (4, 50, 300.0), id="seconds without successes are passed over"),
        pytest.param("p50>150ms for 3s", (5, 60, 200.0), id="the value is that of the last second"),
        pytest.param("p50>150ms for 4s", None, id="a row too short"),
        pytest.param("p50>250ms for 1s", (1, 20, 300.0), id="the first time is kept"),
        pytest.param("ratio>5% for 2s", (2, 30, 1.0), id="shares of each second"),
        pytest.param("ratio<50% for 3s", None, id="broken by a second that fails"),
        pytest.param("rps<5 for 2s", (3, 40, 0.0), id="no request is a rate of 0"),
        pytest.param("failures<1 for 3s", (5, 60, 0.0), id="no request is no failure"),
        pytest.param("timeout>2 for 1s", (2, 30, 3.0), id="the count of that second"),
    ],
)
def test_a_run_crosses(text: str, expected: tuple[int, int, float] | None) -> None:
    assert first_crossing(text, RUN) == expected


@pytest.mark.parametrize(
    ("text", "rows", "expected"),
    [
        pytest.param("rps<5 for 10s", [row(0, ok=9), row(1000, ok=9)], (10, 10, 0.0), id="ten seconds of a gap"),
        pytest.param("rps<5 for 10s", [row(5, ok=1), row(9, ok=1)], (9, 100, 1.0), id="a gap before the first row"),
        pytest.param("mean>5 for 2s", [row(0, ok=9), row(1000, ok=9)], (1000, 10010, 100.0), id="a gap has no mean"),
        pytest.param("rps<2", [row(1, ok=2), row(3, ok=2)], (3, 40, 1.0), id="a gap is part of the run"),
        pytest.param(
            "timeout>0 for 2s",
            [row(0, timeout=1), row(2), row(1, timeout=1), row(2, timeout=1), row(3, timeout=1)],
            None,
            id="late rows do not extend a row of seconds",
        ),
        pytest.param(
            "timeout>0 for 2s", [row(2, timeout=1), row(1), row(3, timeout=1)], (3, 40, 1.0), id="nor break it"
        ),
        pytest.param(
            "timeout>1", [row(0), row(2, timeout=1), row(1, timeout=1)], (2, 30, 2.0), id="late rows add to the sums"
        ),
        pytest.param("p95<5", [row(0, timeout=1)], None, id="no success, no percentile"),
        pytest.param("ratio<5%", [row(0)], None, id="no request, no ratio"),
        pytest.param("requests<5", [], (0, 0, 0.0), id="a run that sent nothing"),
        pytest.param("rps<5", [], (0, 0, 0.0), id="and its rate"),
        pytest.param("rps<5 for 1s", [], None, id="which has no seconds"),
    ],
)
def test_gaps_late_rows_and_empty_runs(text: str, rows: list[Row], expected: tuple[int, int, float] | None) -> None:
    assert first_crossing(text, rows) == expected


def test_over_the_run_a_threshold_can_be_met_again() -> None:
    monitor = ThresholdMonitor(parse_threshold("ratio>50%"))
    observed = []
    for each in (row(0, timeout=1), row(1, ok=1), row(2, timeout=1)):
        monitor.add(each)
        observed.append(monitor.crossing())
    assert observed == [
        Crossing(monitor.threshold, 0, 10, 1.0),
        None,
        Crossing(monitor.threshold, 2, 30, 2 / 3),
    ]


def test_crossings_keep_the_order_of_the_thresholds() -> None:
    monitors = [ThresholdMonitor(parse_threshold(text)) for text in ("failures>0", "p95>1s", "rps<50 for 2s")]
    for each in RUN:
        for monitor in monitors:
            monitor.add(each)
    assert [crossing.threshold.text for crossing in crossings(monitors)] == ["failures>0", "rps<50 for 2s"]


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        pytest.param("p95>800ms for 10s", 1230.0, "1230 ms", id="milliseconds"),
        pytest.param("p95>800ms", 800.04, "800.04 ms", id="as many decimals as it takes"),
        pytest.param("ratio>1%", 0.02345, "2.3%", id="per cent"),
        pytest.param("ratio>0", 0.0000012, "0.0001%", id="few per cent"),
        pytest.param("ratio>=7%", 0.07, "7%", id="just reached"),
        pytest.param("ratio<=0", 0.0, "0%", id="zero"),
        pytest.param("failures>0", 1200.0, "1200", id="a count"),
        pytest.param("rps<50", 43.27, "43.3/s", id="a rate"),
        pytest.param("rps<50", 49.97, "49.97/s", id="not rounded to what it does not reach"),
    ],
)
def test_a_crossing_as_text(text: str, value: float, shown: str) -> None:
    assert Crossing(parse_threshold(text), 61, 250, value).text == f"{text}: {shown} at 250 users, after 61 s"


buckets = st.dictionaries(st.sampled_from([1.0, 20.5, 300.0]), st.integers(1, 4), max_size=3)
gaps_and_rows = st.lists(st.tuples(st.integers(1, 3), buckets, st.integers(0, 3), st.integers(0, 50)), max_size=12)
thresholds = st.builds(
    lambda metric, operator, value, seconds: parse_threshold(f"{metric}{operator}{value}{seconds}"),
    st.sampled_from(METRICS),
    st.sampled_from([">", ">=", "<", "<="]),
    st.sampled_from(["0", "0.5", "1"]),
    st.sampled_from(["", " for 1s", " for 2s", " for 4s"]),
) | st.builds(parse_threshold, st.sampled_from(["p50>20 for 2s", "p99.9>=300 for 3s", "mean<100", "requests<5 for 2s"]))


def made(plan: Iterable[tuple[int, dict[float, int], int, int]]) -> list[Row]:
    rows, t = [], -1
    for step, ok_ms, timeouts, users in plan:
        t += step
        failed = Counter(timeout=timeouts) if timeouts else Counter[str]()
        rows.append(Row(t, users, sum(ok_ms.values()), failed, ok_ms=Counter(ok_ms)))
    return rows


def metric_value(metric: str, rows: list[Row]) -> Fraction | None:
    """The definitions, word for word and slowly."""
    ok_ms = sorted(ms for each in rows for ms in each.ok_ms.elements())
    failed = sum(each.failed.total() for each in rows)
    requests = len(ok_ms) + failed
    if metric == "rps":
        return Fraction(len(ok_ms), len(rows) or 1)
    if metric == "requests":
        return Fraction(requests)
    if metric in ("failures", "timeout"):
        return Fraction(failed)
    if metric == "ratio":
        return Fraction(failed, requests) if requests else None
    if not ok_ms:
        return None
    if metric == "mean":
        return sum(map(Fraction, ok_ms), Fraction(0)) / len(ok_ms)
    share = Fraction(metric[1:]) / 100
    return Fraction(next(ms for ms in ok_ms if sum(other <= ms for other in ok_ms) >= share * len(ok_ms)))


def crossed_slowly(threshold: Threshold, rows: list[Row]) -> tuple[int, int, float] | None:
    """Return what a ThresholdMonitor must find, from all rows without a gap."""
    last = rows[-1] if rows else Row(0)
    if not threshold.seconds:
        whole = metric_value(threshold.metric, rows)
        return (last.t, last.users, float(whole)) if whole is not None and threshold.crossed_by(float(whole)) else None
    valued = [(each, float(single)) for each in rows if (single := metric_value(threshold.metric, [each])) is not None]
    for end in range(threshold.seconds, len(valued) + 1):
        if all(threshold.crossed_by(value) for _, value in valued[end - threshold.seconds : end]):
            each, value = valued[end - 1]
            return each.t, each.users, value
    return None


def without_gaps(rows: list[Row]) -> list[Row]:
    """A row for each second from 0 on; in those that had none as many users ran as before."""
    filled: list[Row] = []
    for each in rows:
        filled += [Row(t, filled[-1].users if filled else 0) for t in range(len(filled), each.t)]
        filled.append(each)
    return filled


@given(thresholds, gaps_and_rows)
def test_rows_with_gaps_cross_like_the_whole_series_and_like_the_definitions(
    threshold: Threshold, plan: list[tuple[int, dict[float, int], int, int]]
) -> None:
    rows = made(plan)
    assert first_crossing(threshold.text, rows) == crossed_slowly(threshold, without_gaps(rows))


@given(thresholds, gaps_and_rows)
def test_the_value_in_a_crossings_text_crosses_too(
    threshold: Threshold, plan: list[tuple[int, dict[float, int], int, int]]
) -> None:
    monitor = ThresholdMonitor(threshold)
    for each in made(plan):
        monitor.add(each)
    for crossing in crossings([monitor]):
        shown = crossing.text.removeprefix(f"{threshold.text}: ").split(" at ")[0]
        assert threshold.crossed_by(parse_threshold(f"{threshold.metric}>{shown}").value)


def test_a_long_run_keeps_no_rows() -> None:
    monitor = ThresholdMonitor(parse_threshold("p95>800ms for 10s"))
    without_duration = ThresholdMonitor(parse_threshold("p95>800ms"))
    for t in range(10_000):
        monitor.add(row(t, ok=3, ms=float(t % 7)))
        without_duration.add(row(t, ok=3, ms=float(t % 7)))
    assert len(without_duration._sums.ok_ms) == 7
    assert not monitor._sums.ok_ms


def named_row(t: int, **named: tuple[int, float, int]) -> Row:
    """A second in which requests with these names succeed, take so many milliseconds, and fail."""
    sums = {
        f"{name} /posts/": RequestSums(ok, Counter(timeout=failed) if failed else Counter(), Counter({ms: ok}))
        for name, (ok, ms, failed) in named.items()
    }
    total = sum_of_all(sums.values())
    return Row(t, 10, total.ok, total.failed, ok_ms=total.ok_ms, names=sums)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("p95{GET /posts/}>800ms", 900.0),
        ("p95{/posts/}>800ms", 900.0),
        ("p95{POST /posts/}>800ms", None),
        ("p50{/posts/}>=10", 10.0),
        ("failures{POST /posts/}>1%", 0.1),
        ("failures{GET /posts/}>1%", None),
        ("timeout{POST /posts/}>=4", 4.0),
        ("requests{/posts/}<100", 60.0),
        ("rps{GET /posts/}<6", 5.0),
        ("rps{GET /posts/}<6 for 3s", 5.0),
        ("p95{GET /posts/}>800ms for 5s", None),
        ("rps{GET /comments/}<1", 0.0),
    ],
)
def test_a_threshold_for_a_name_is_about_its_requests_alone(text: str, value: float | None) -> None:
    crossing = first_crossing(text, [named_row(t, GET=(5, 900.0, 0), POST=(9, 10.0, 1)) for t in range(4)])
    assert (crossing and crossing[2]) == value


def test_a_threshold_for_a_name_that_no_request_has_was_not_checked() -> None:
    monitors = [ThresholdMonitor(parse_threshold(f"p95{{{name}}}>800ms")) for name in ("/post/", "/zzz", "/posts/")]
    assert list(unchecked_thresholds(monitors)) == []
    for monitor in monitors:
        monitor.add(named_row(0, GET=(5, 10.0, 0), POST=(9, 10.0, 0)))
    assert list(crossings(monitors)) == []
    first, second = unchecked_thresholds(monitors)
    assert first.text == "p95{/post/}>800ms: it was not checked, as no request has this name; did you mean /posts/?"
    assert second.text.endswith("no request has this name; requests were named GET /posts/, POST /posts/")
