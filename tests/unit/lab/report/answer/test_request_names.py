"""The requests by name on the first screen."""

from collections import Counter
from dataclasses import replace

from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.report.answer.subject_answers import answers_of
from locust_asyncdjango.metrics.request_names.sums import RequestsByName, RequestSums, sum_of_all
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from tests.support.experiments import repeated, with_names


def requests(ok: int, ms: float, failed: int = 0) -> RequestSums:
    return RequestSums(
        ok, Counter({"timeout": failed} if failed else {}), Counter({ms: ok} if ok else {}), Counter({5.0: failed})
    )


def with_requests(findings: Findings, sync: RequestsByName, uvicorn: RequestsByName) -> Findings:
    """Return the findings with the same requests at 10 and at 20 users of each run of a server."""
    series = {}
    for result in findings.results:
        names = sync if result.trial.server == "gunicorn-sync" else uvicorn
        total = sum_of_all(names.values())
        row = Row(0, 10, total.ok, total.failed, ok_ms=total.ok_ms, failed_ms=total.failed_ms, names=names)
        series[result.trial.id] = Series.from_rows({}, [row, replace(row, t=1, users=20), Row(2, 20)])
    return replace(findings, series=series)


def test_the_worst_names_come_first() -> None:
    findings = with_requests(
        repeated((50.0, 100.0)),
        {"GET /quick/": requests(90, 10.0), "GET /slow/": requests(90, 1400.0), "GET /gone/": requests(0, 5.0, 90)},
        {"GET /quick/": requests(90, 10.0), "GET /slow/": requests(90, 400.0, 10)},
    )
    (answer,) = answers_of(findings)
    names = answer.names
    assert names
    assert (names.title, names.headers) == (
        "p95 of the requests by name, over whole runs",
        ("request", "gunicorn-uvicorn", "gunicorn-sync"),
    )
    assert names.rows == [
        ("GET /gone/", "-", "100 % fail at every load"),
        ("GET /slow/", "400 ms, 10 % fail at every load", "1.4 s"),
        ("GET /quick/", "10 ms", "10 ms"),
    ]
    cells = names.cells["GET /slow/"]
    assert [(cell.p95, cell.failed, cell.fails) for cell in cells] == [
        ("400 ms", "10 %, at every load", True),
        ("1.4 s", "0 %", False),
    ]


def test_a_few_names_are_shown_and_the_others_are_counted() -> None:
    many = {f"GET /{n}/": 10 for n in range(7)}
    (answer,) = answers_of(with_names(repeated((50.0, 100.0)), gunicorn_sync=many, gunicorn_uvicorn=many))
    assert answer.names
    assert (len(answer.names.rows), answer.names.title) == (
        5,
        "p95 of the requests by name, over whole runs; 2 more names in the table Requests by name",
    )


def test_a_single_name_needs_no_table() -> None:
    single = {"GET /": 10}
    (answer,) = answers_of(with_names(repeated((50.0, 100.0)), gunicorn_sync=single, gunicorn_uvicorn=single))
    assert answer.names is None
    (answer,) = answers_of(repeated((50.0, 100.0)))
    assert answer.names is None
