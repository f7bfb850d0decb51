"""Whatever a request event says, no output of a run has its secrets or its control characters."""

import io
import json
import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

from hypothesis import given, settings
from hypothesis import strategies as st
from locust.contrib.fasthttp import LocustBadStatusCode
from locust.env import Environment
from locust.exception import CatchResponseError

from locust_asyncdjango.client.exceptions import FailedRequestError, wrap_exception
from locust_asyncdjango.failures.classify import DEFAULT_CLASSIFIER
from locust_asyncdjango.load.arrivals import ArrivalQueue
from locust_asyncdjango.plugin.options import Options
from locust_asyncdjango.plugin.output_files import OutputFiles
from locust_asyncdjango.plugin.recording import Recording
from locust_asyncdjango.plugin.results import Results
from locust_asyncdjango.plugin.run_info import run_header
from locust_asyncdjango.plugin.terminal import status_panel
from locust_asyncdjango.plugin.web_ui import failure_rows
from tests.support.hostile_texts import faults_of_json, hostile_texts
from tests.support.locust_environments import make_environment

Event = dict[str, Any]


def response(status: int, text: str, media_type: str) -> Any:
    return SimpleNamespace(
        status_code=status,
        headers={"Content-Type": media_type, "X-Other": text},
        content=text.encode("utf-8", "surrogatepass"),
        url=f"http://h/{text}",
    )


def plain(text: str) -> Event:
    return {"exception": LocustBadStatusCode(text, code=500), "response": response(500, text, "text/plain")}


def json_problem(text: str) -> Event:
    body = json.dumps({"exception": text, "cause": "psycopg.OperationalError", "detail": text, "sqlstate": text})
    return {"exception": LocustBadStatusCode(text, code=500), "response": response(500, body, "application/json")}


def page(text: str) -> Event:
    body = f'<title>{text} at /x</title><div class="exception_value">{text}</div>'
    return {"exception": LocustBadStatusCode(text, code=500), "response": response(500, body, "text/html")}


def check(text: str) -> Event:
    return {"exception": CatchResponseError(text), "response": response(200, text, "text/plain")}


def raised(text: str) -> Event:
    return {"exception": ValueError(text)}


def wrapped(text: str) -> Event:
    return {"exception": wrap_exception(text, ConnectionError(text))}


FORMS: tuple[Callable[[str], Event], ...] = (plain, json_problem, page, check, raised, wrapped)


def run_of(environment: Environment, files: Options, events: list[Event]) -> tuple[Results, Recording]:
    """Return the results of a run with these events, which Locust has counted as well."""
    recording = Recording(ArrivalQueue())
    results = Results(environment, files, OutputFiles(files), recording)
    results.begin(run_header(environment))
    for event in events:
        recording.on_request(response_time=1.0, response_length=1, request_type="GET", **event)
        environment.stats.log_request("GET", event["name"], 1, 1)
        environment.stats.log_error("GET", event["name"], event["exception"])
    results.add(recording.recorder.take())
    results.conclude()
    results.close()
    return results, recording


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Yield what is logged within the context, with the tables and the summary that Locust prints by its log."""
    stream = io.StringIO()
    handler, root = logging.StreamHandler(stream), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield stream
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


def panel(results: Results, recording: Recording, header: dict[str, Any]) -> str:
    """Return the panel of a run as text; "" without Rich, which comes with an extra."""
    if find_spec("rich") is None:
        return ""
    from rich.console import Console

    console = Console(file=io.StringIO(), width=80, record=True, markup=False, highlight=False)
    intervals, rows = results.history.intervals(), recording.failure_counts.rows()
    console.print(status_panel(header, intervals, results.figures(), rows))
    return console.export_text()


@settings(max_examples=60)
@given(st.lists(st.tuples(st.sampled_from(FORMS), hostile_texts()), min_size=1, max_size=4), hostile_texts())
def test_no_output_of_a_run_has_what_was_planted(events: list[tuple[Callable[[str], Event], str]], text: str) -> None:
    environment = make_environment(path=text, shape=text, locustfile=text, variant=text)
    environment.host = text
    DEFAULT_CLASSIFIER.start_run()
    with tempfile.TemporaryDirectory() as name:
        paths = {each: Path(name) / each for each in ("series", "failures", "junit")}
        files = Options(series=(str(paths["series"]),), failures=str(paths["failures"]), junit=str(paths["junit"]))
        # Locust itself cannot count a name that cannot be written as UTF-8.
        names = [f"/{text}".encode("utf-8", "replace").decode() for _, text in events]
        run = [
            {"name": name, "url": f"http://h/{text}", **form(text)}
            for name, (form, text) in zip(names, events, strict=True)
        ]
        with logged() as log:
            results, recording = run_of(environment, files, run)
            results.log_summary()
        header, *_ = paths["series"].read_text().splitlines()
        junit = ElementTree.fromstring(paths["junit"].read_bytes())
        outputs = {
            "header": json.loads(header),
            "failures": json.loads(paths["failures"].read_text()),
            "junit": [[each.text or "", dict(each.attrib)] for each in junit.iter()],
            "web UI": [failure_rows(results.failures()), results.chart_data()],
            "FastUser": [
                str(event["exception"]) for event in run if isinstance(event["exception"], FailedRequestError)
            ],
            "log": log.getvalue().splitlines(),
            "panel": panel(results, recording, json.loads(header)).splitlines(),
        }
    assert {name: faults_of_json(content) for name, content in outputs.items()} == {name: [] for name in outputs}
    assert recording.unrecorded == 0
