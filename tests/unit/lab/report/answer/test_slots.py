"""What the slots of the arms say about a result."""

from dataclasses import replace

from locust_asyncdjango.lab.experiment.result import PeakUsage
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.report.answer.slots import slots_of, slots_sentence, slots_text
from tests.support.experiments import ASYNC, SYNC, findings_of, measured

LIMITED = replace(ASYNC, trial=replace(ASYNC.trial, max_connections=100), peak_usage=PeakUsage(70.0, 40, 100, 0, 12.5))
THREADS = measured(Trial("io_read", "gunicorn-100-threads", 1000, 100), 60.0)


def test_slots_of_servers_with_and_without_a_limit() -> None:
    sync, threads, uvicorn = findings_of([SYNC, THREADS, ASYNC]).runs
    findings = findings_of([SYNC])
    assert [slots_of(findings, runs) for runs in (sync, threads, uvicorn)] == [1, 100, None]
    assert [slots_text(findings, runs) for runs in (sync, uvicorn)] == ["1 slot", "any number of slots"]


def test_many_connections_against_one_slot_are_mostly_concurrency() -> None:
    findings = findings_of([SYNC, LIMITED])
    sync, uvicorn = findings.runs
    expected = "1 slot against 100 connections: most of this is concurrency, not async; "
    expected += "gunicorn-100-threads would show the rest"
    assert slots_sentence(findings, [uvicorn, sync]) == expected
    assert slots_sentence(findings, [sync, uvicorn]) == ""
    assert slots_sentence(findings, [uvicorn]) == ""


def test_a_server_with_as_many_slots_is_named_for_comparison() -> None:
    findings = findings_of([SYNC, LIMITED, THREADS])
    sync, uvicorn, threads = findings.runs
    assert slots_sentence(findings, [uvicorn, sync, threads]) == (
        "1 slot against 100 slots: compare gunicorn-uvicorn with gunicorn-100-threads, which works on about as many"
        " requests"
    )
    assert slots_sentence(findings, [uvicorn, threads]) == ""
