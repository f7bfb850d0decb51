"""Add to Locust's web UI the tabs "Saturation" and "Failure kinds", and a page with live charts.

Locust's page requests /stats/requests every two seconds. The tabs, which its template's arguments name, show the rows
of plain text in ``extended_stats`` of the response. A tab can show nothing else. So the charts have a page of their
own, and the failures can be downloaded as JSON; the tab "Download Data" links to both.

No HTML is made here: the page is a static file, whose script shows the data of ``live-charts.json`` as text.

Locust lets the pages of every other site read all that its web UI serves (CORS). URLs and bodies of responses are
nobody else's business, so what we serve has no header that allows it.
"""

import re
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from flask import Blueprint, Flask, Response, abort, request, request_finished

from locust_asyncdjango import analysis
from locust_asyncdjango.analysis.formatting import Figure, format_first_failure, format_kind
from locust_asyncdjango.metrics.strict_json import dumps
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
FAILURES_FILE = "failure-kinds.json"
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
            "sample": "Example",
        },
    ),
}
"""For each tab its title, and the headings of its columns by key."""
BLUEPRINT = "locust_asyncdjango"
STATS_ENDPOINT = "locust.request_stats"
"""Locust's own, to whose response we add the rows of the tabs."""
SAMPLE_LIMIT = 300
"""Characters of an example that the table shows."""


def add_tabs(web_ui: Any, results: Results) -> None:
    """Add the tabs, the page and the downloads. web_ui: a locust.web.WebUI. results: what they show."""
    app: Flask = web_ui.app
    base_path = app.blueprints["locust"].url_prefix or ""
    _extend_template(web_ui.template_args)
    app.register_blueprint(_make_blueprint(web_ui, results, base_path))

    def add_rows(response: Response) -> Response:
        if request.endpoint == STATS_ENDPOINT and response.is_json:
            stats = response.get_json()
            rows = {
                SATURATION: figure_rows(results.figures_in_words(), f"{base_path}/{PAGE}"),
                KINDS: failure_rows(results.failures()),
            }
            stats.setdefault("extended_stats", []).extend({"key": key, "data": data} for key, data in rows.items())
            response.set_data(dumps(stats))
        return response

    app.after_request(add_rows)
    # Flask sends this signal when all functions for the response have run, those of flask_cors too.
    request_finished.connect(_remove_cors_headers, app)


def _remove_cors_headers(_app: Flask, response: Response, **_: Any) -> None:
    """Remove the headers that let pages of other sites read a response with our data."""
    if request.blueprint == BLUEPRINT or request.endpoint == STATS_ENDPOINT:
        for name, _value in list(response.headers):
            if name.lower().startswith("access-control-"):
                response.headers.pop(name)


def _extend_template(arguments: dict[str, Any]) -> None:
    """Add the tabs, their columns and the downloads to the arguments of Locust's template."""

    def add(name: str, entry: dict[str, Any]) -> None:
        arguments[name] = [*arguments.get(name, ()), entry]

    for key, (title, columns) in TABS.items():
        add("extended_tabs", {"title": title, "key": key})
        structure = [{"key": column, "title": heading} for column, heading in columns.items()]
        add("extended_tables", {"key": key, "structure": structure})
    add("extended_csv_files", {"href": f"./{PAGE}", "title": "Live charts"})
    add("extended_csv_files", {"href": f"./{FAILURES_FILE}", "title": "Download failure kinds (JSON)"})


def _make_blueprint(web_ui: Any, results: Results, base_path: str) -> Blueprint:
    """Return our pages. If the web UI has a login, all of them need it."""
    blueprint = Blueprint(BLUEPRINT, __name__, url_prefix=base_path)
    static = files(analysis).joinpath("static")

    def failures() -> Response:
        headers = {"Content-Disposition": f"attachment; filename={FAILURES_FILE}"}
        return Response(dumps(results.failures(), indent=1), mimetype="application/json", headers=headers)

    def page() -> Response:
        return Response(static.joinpath("live.html").read_bytes(), mimetype="text/html")

    def static_file(name: str) -> Response:
        if name not in STATIC:
            abort(404)
        return Response(static.joinpath(name).read_bytes(), mimetype=STATIC[name])

    def data() -> Response:
        content = {
            **results.chart_data(),
            "numbers": [[figure.name, figure.text, figure.meaning] for figure in results.figures_in_words()],
            "columns": TABS[KINDS][1],
            "failures": failure_rows(results.failures()),
        }
        return Response(dumps(content), mimetype="application/json", headers={"Cache-Control": "no-store"})

    for path, name, view in (
        (FAILURES_FILE, "failures", failures),
        (PAGE, "page", page),
        (f"{PAGE}.json", "data", data),
        (f"{PAGE}/<name>", "static_file", static_file),
    ):
        blueprint.add_url_rule(f"/{path}", name, web_ui.auth_required_if_enabled(view))
    return blueprint


def figure_rows(figures: Sequence[Figure], charts_url: str) -> list[dict[str, Any]]:
    """Return the rows of the tab "Saturation": one for each figure, and a last one that says where the charts are."""
    rows = [{"figure": figure.name, "text": figure.text, "meaning": figure.meaning} for figure in figures]
    rows.append(
        {"figure": "charts", "text": charts_url, "meaning": 'a page of its own; the tab "Download Data" links to it'}
    )
    # Locust's page identifies and sorts rows by their name.
    return [{"name": f"{rank:04}", **row} for rank, row in enumerate(rows)]


def failure_rows(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of the tab "Failure kinds", most frequent first, each with an example if there is one.

    document: the failures of a run, as they are written to the file of --failures.
    """
    samples = {(sample["kind"], sample["message"]): sample for sample in reversed(document["samples"])}
    return [
        {
            "name": f"{rank:04}",
            "count": row["count"],
            "kind": format_kind(row),
            "origin": row["origin"],
            "first": format_first_failure(row),
            "message": _breakable(row["message"]),
            "advice": row["advice"],
            "sample": _format_sample(samples.get((row["kind"], row["message"]))),
        }
        for rank, row in enumerate(document["failures"])
    ]


def _format_sample(sample: dict[str, Any] | None) -> str:
    if sample is None:
        return ""
    message = sample["body"] or sample["exception"]
    text = " ".join(f"{sample['name']} {sample['url']}: {message}".split())
    return _breakable(text if len(text) <= SAMPLE_LIMIT else f"{text[: SAMPLE_LIMIT - 3]}...")


def _breakable(text: str) -> str:
    """Return the text with places where a browser may break a long word, which would move other columns out of view."""
    return re.sub(r"(\S{30})(?=\S)", "\\1\u200b", text)
