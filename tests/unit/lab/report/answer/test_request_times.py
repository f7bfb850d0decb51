"""Where the time of a request goes, in words and in a table."""

from dataclasses import replace

from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.probe_figures import LoopBlock, ProbeFigures
from locust_asyncdjango.lab.report.answer.request_times import (
    arm_times,
    block_sentences,
    request_times_table,
    times_text,
)
from locust_asyncdjango.lab.report.experiment_report import render_markdown
from tests.support.experiments import ASYNC, SYNC, experiment
from tests.support.request_times import TIMES

PROBE = ProbeFigures(1, 1, (TIMES,), 3, 210.0, (LoopBlock("shop/views.py", 41, "cart", 57, 4000.0, 210.0),))
PROBED = replace(ASYNC, probe=PROBE)
FINDINGS = Findings(experiment(), (SYNC, PROBED), {})
BLOCKED = "On gunicorn-uvicorn the event loop was blocked by shop/views.py:41 (cart), 57 times, up to 210 ms"


def test_the_times_of_an_arm_are_those_of_all_its_requests() -> None:
    sync, on_asgi = FINDINGS.runs
    assert arm_times(sync) is None
    assert arm_times(on_asgi) == replace(TIMES, name="all")


def test_a_time_that_is_not_known_or_not_spent_is_left_out() -> None:
    assert times_text(TIMES) == "queued 120 ms, in the code 15 ms, in the database 25 ms (2 queries)"
    without_database = replace(TIMES, queries=0.0, connects=0.0, queued_ms=None, http_calls=1.0, http_ms=10.0)
    assert times_text(without_database) == "in the code 5.0 ms, at other servers 10 ms"
    refused = replace(TIMES, queries=0.0, query_ms=0.0)
    assert times_text(refused) == "queued 120 ms, in the code 35 ms, in the database 5.0 ms (0 queries)"


def test_many_queries_are_counted_without_an_exponent() -> None:
    assert "(1235 queries)" in times_text(replace(TIMES, queries=1234.6))
    assert "(1.2 queries)" in times_text(replace(TIMES, queries=1.2346))
    assert "(1 query)" in times_text(replace(TIMES, queries=1.0))


def test_the_table_has_a_row_for_each_name_and_arm_with_the_probe() -> None:
    table = request_times_table(FINDINGS)
    assert dict(zip(table.headers, table.rows[0], strict=True)) == {
        "request": "io_read",
        "arm": "io_read: gunicorn-uvicorn",
        "requests": "30",
        "queued ms": "120",
        "code ms": "15",
        "queries": "2",
        "query ms": "20",
        "connects": "1",
        "connect ms": "5",
    }
    assert len(table.rows) == 1


def test_a_line_that_blocks_the_event_loop_is_named() -> None:
    assert list(block_sentences(FINDINGS.runs)) == [BLOCKED]
    rare = replace(PROBE, blocks=(replace(PROBE.blocks[0], times=9),))
    assert list(block_sentences(Findings(experiment(), (replace(ASYNC, probe=rare),), {}).runs)) == []
    runs = tuple(replace(PROBED, trial=replace(PROBED.trial, repeat=repeat)) for repeat in (1, 2))
    both = Findings(experiment(repeats=2), runs, {})
    assert list(block_sentences(both.runs)) == [BLOCKED.replace("57 times", "114 times")]


def test_the_report_says_it() -> None:
    report = render_markdown(FINDINGS, {})
    assert "a request: queued 120 ms, in the code 15 ms, in the database 25 ms (2 queries)" in report
    assert f"{BLOCKED}." in report
