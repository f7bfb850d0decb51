"""What Locust's web UI shows of us: the tabs "Saturation" and "Failure kinds", and a page with charts.

Locust's page asks for /stats/requests every two seconds and shows, in tabs that are named in its template's arguments,
what it finds there under ``extended_stats``: rows of plain text. A tab takes nothing else, so the charts have a page of
their own, and all that is kept of failures can be downloaded as JSON; "Download Data" leads to both.
"""

import json
import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from flask import Blueprint, Flask, Response, abort, request

from locust_asyncdjango.analysis.formatting import Figure, format_first_failure, format_kind
from locust_asyncdjango.plugin.results import Results

PAGE = "live-charts"
STATIC = {
    "live.js": "text/javascript",
    "charts.js": "text/javascript",
    "uPlot.iife.min.js": "text/javascript",
    "charts.css": "text/css",
    "uPlot.min.css": "text/css",
}
SATURATION = "saturation"
KINDS = "failure-kinds"
FILE = "failure-kinds.json"
TABS: dict[str, tuple[str, dict[str, str]]] = {
    SATURATION: ("Saturation", {"figure": "Figure", "text": "This run, with 95 % interval", "meaning": "What it is"}),
    KINDS: (
        "Failure kinds",
        {
            "kind": "Kind",
            "count": "# Failures",
            "origin": "Origin",
            "first": "First seen",
            "message": "Message",
            "advice": "What to do",
            "sample": "Sample",
        },
    ),
}
SAMPLE_LIMIT = 300
"""Characters of a sample that the table shows."""


def add_tabs(web_ui: Any, results: Results) -> None:
    """Adds them to a locust.web.WebUI."""
    arguments = web_ui.template_args

    def add(name: str, more: dict[str, Any]) -> None:
        arguments[name] = [*arguments.get(name, ()), more]

    for key, (title, columns) in TABS.items():
        add("extended_tabs", {"title": title, "key": key})
        structure = [{"key": column, "title": heading} for column, heading in columns.items()]
        add("extended_tables", {"key": key, "structure": structure})
    add("extended_csv_files", {"href": f"./{PAGE}", "title": "Live charts"})
    add("extended_csv_files", {"href": f"./{FILE}", "title": "Download failure kinds (JSON)"})

    app: Flask = web_ui.app
    base_path = app.blueprints["locust"].url_prefix or ""

    def with_rows(response: Response) -> Response:
        if request.endpoint == "locust.request_stats" and response.is_json:
            report = response.get_json()
            rows = {
                SATURATION: number_rows(results.figures_in_words(), f"{base_path}/{PAGE}"),
                KINDS: failure_rows(results.failures()),
            }
            report.setdefault("extended_stats", []).extend({"key": key, "data": data} for key, data in rows.items())
            response.set_data(json.dumps(report))
        return response

    app.after_request(with_rows)
    app.register_blueprint(_pages(web_ui, results, base_path))


def _pages(web_ui: Any, results: Results, base_path: str) -> Blueprint:
    """All behind the web UI's login, if it has one."""
    own = Blueprint("locust_asyncdjango", __name__, url_prefix=base_path)
    static = files("locust_asyncdjango.analysis").joinpath("static")

    def download() -> Response:
        headers = {"Content-Disposition": f"attachment; filename={FILE}"}
        return Response(json.dumps(results.failures(), indent=1), mimetype="application/json", headers=headers)

    def page() -> Response:
        return Response(static.joinpath("live.html").read_bytes(), mimetype="text/html")

    def file(name: str) -> Response:
        if name not in STATIC:
            abort(404)
        return Response(static.joinpath(name).read_bytes(), mimetype=STATIC[name])

    def data() -> Response:
        told = {
            **results.chart_data(),
            "numbers": [[number.name, number.text, number.meaning] for number in results.figures_in_words()],
            "columns": TABS[KINDS][1],
            "failures": failure_rows(results.failures()),
        }
        return Response(json.dumps(told), mimetype="application/json", headers={"Cache-Control": "no-store"})

    for path, name, view in (
        (FILE, "failure_kinds", download),
        (PAGE, "page", page),
        (f"{PAGE}.json", "data", data),
        (f"{PAGE}/<name>", "file", file),
    ):
        own.add_url_rule(f"/{path}", name, web_ui.auth_required_if_enabled(view))
    return own


def number_rows(numbers: Sequence[Figure], page: str) -> list[dict[str, Any]]:
    """The rows of the tab "Saturation"; the last says where the charts are."""
    rows = [{"figure": number.name, "text": number.text, "meaning": number.meaning} for number in numbers]
    rows.append({"figure": "charts", "text": page, "meaning": 'a page of its own; the tab "Download Data" leads to it'})
    # By the name the page tells rows apart, and sorts them.
    return [{"name": f"{rank:04}", **row} for rank, row in enumerate(rows)]


def failure_rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of the tab "Failure kinds", most frequent first, each with a sample, if one is kept."""
    samples = {(sample["kind"], sample["message"]): sample for sample in reversed(told["samples"])}
    return [
        {
            "name": f"{rank:04}",
            "count": row["count"],
            "kind": format_kind(row),
            "origin": row["origin"],
            "first": format_first_failure(row),
            "message": _breakable(row["message"]),
            "advice": row["advice"],
            "sample": _shown(samples.get((row["kind"], row["message"]))),
        }
        for rank, row in enumerate(told["failures"])
    ]


def _shown(sample: dict[str, Any] | None) -> str:
    if sample is None:
        return ""
    said = sample["body"] or sample["exception"]
    text = " ".join(f"{sample['name']} {sample['url']}: {said}".split())
    return _breakable(text if len(text) <= SAMPLE_LIMIT else f"{text[: SAMPLE_LIMIT - 3]}...")


def _breakable(text: str) -> str:
    """With places where a long word may be broken, which would else push the next columns out of sight."""
    return re.sub(r"(\S{30})(?=\S)", "\\1\u200b", text)
