"""What changed for the requests with each name, in words."""

from dataclasses import replace

from locust_asyncdjango.lab.analysis.changes.name_changes import Metric, NameChange
from locust_asyncdjango.lab.report.sentences.name_changes import MOST_SENTENCES, name_sentences, names_table

SLOWER = NameChange("io_read: uvicorn", "GET /a", Metric.P95, 210.0, 480.0, 1.8, 2.9, is_different=True)
FAILING = NameChange("io_read: uvicorn", "GET /a", Metric.FAILURES, 0.0, 0.12, 0.09, 0.15, is_different=True)
SAME = NameChange("io_read: uvicorn", "GET /b", Metric.P95, 210.0, 200.0, 0.8, 1.1, is_different=False)


def single(change: NameChange) -> NameChange:
    """Return the change as two single runs show it."""
    return replace(change, low=None, high=None)


def test_repeated_runs_have_intervals() -> None:
    assert name_sentences([SLOWER, FAILING, SAME]) == [
        "io_read: uvicorn, GET /a: p95 480 ms against 210 ms, 2.29 (1.80 to 2.90) times as long",
        "io_read: uvicorn, GET /a: 12.0% of the requests fail against 0%, +12.0 (+9.0 to +15.0) percentage points",
        "requests by name, as measured: another p95 in 1 of 2, other failures in 1 of 1",
    ]


def test_single_runs_say_nothing_beyond_themselves() -> None:
    assert name_sentences([single(each) for each in (SLOWER, FAILING, SAME)]) == [
        "io_read: uvicorn, GET /a: p95 480 ms against 210 ms in these runs",
        "io_read: uvicorn, GET /a: 12.0% of the requests fail against 0% in these runs",
        "requests by name, as measured: another p95 in 1 of 2, other failures in 1 of 1; this is not certain where"
        " each side ran once",
    ]


def test_only_the_largest_changes_are_sentences() -> None:
    *sentences, count = name_sentences([SLOWER] * 30)
    assert (len(sentences), count) == (
        MOST_SENTENCES,
        "requests by name, as measured: another p95 in 30 of 30",
    )
    assert name_sentences([]) == []


def test_the_table_has_a_row_for_each_figure() -> None:
    unknown = replace(SAME, low=0.0, high=1e300)
    assert names_table([SLOWER, single(FAILING), unknown]).rows == (
        ("io_read: uvicorn", "GET /a", "p95", "210 ms", "480 ms", "2.29 (1.80 to 2.90) times", "different"),
        (
            *("io_read: uvicorn", "GET /a", "failures", "0%", "12.0%"),
            *("+12.0 percentage points", "different in these runs"),
        ),
        (
            *("io_read: uvicorn", "GET /b", "p95", "210 ms", "200 ms"),
            *("0.95 (0.00 to 999.00) times", "no detectable difference"),
        ),
    )
