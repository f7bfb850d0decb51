"""The tab "Failure kinds" in Locust's web UI: what failed, by kind and message, and what to do about it.

Locust's page asks for /stats/requests every two seconds and shows, in tabs that are named in its template's arguments,
what it finds there under ``extended_stats``: rows of plain text. All that is kept can be downloaded as JSON beside it.
"""

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response, request

KEY = "failure-kinds"
FILE = "failure-kinds.json"
COLUMNS = {
    "count": "# Failures",
    "kind": "Kind",
    "origin": "Origin",
    "first": "First",
    "message": "Message",
    "advice": "What to do",
    "sample": "Sample",
}
SAMPLE_LIMIT = 300
"""Characters of a sample that the table shows."""


def add_tab(web_ui: Any, told: Callable[[], dict[str, Any]]) -> None:
    """Adds it to a locust.web.WebUI. told: makes what ``outcome.failures_told`` does, of the run so far."""
    arguments = web_ui.template_args
    for name, more in (
        ("extended_tabs", {"title": "Failure kinds", "key": KEY}),
        (
            "extended_tables",
            {"key": KEY, "structure": [{"key": key, "title": title} for key, title in COLUMNS.items()]},
        ),
        ("extended_csv_files", {"href": f"./{FILE}", "title": "Download failure kinds (JSON)"}),
    ):
        arguments[name] = [*arguments.get(name, ()), more]

    def with_rows(response: Response) -> Response:
        if request.endpoint == "locust.request_stats" and response.is_json:
            report = response.get_json()
            report.setdefault("extended_stats", []).append({"key": KEY, "data": rows(told())})
            response.set_data(json.dumps(report))
        return response

    def download() -> Response:
        headers = {"Content-Disposition": f"attachment; filename={FILE}"}
        return Response(json.dumps(told(), indent=1), mimetype="application/json", headers=headers)

    app: Flask = web_ui.app
    app.after_request(with_rows)
    own = Blueprint("locust_asyncdjango", __name__, url_prefix=app.blueprints["locust"].url_prefix)
    own.add_url_rule(f"/{FILE}", "failure_kinds", web_ui.auth_required_if_enabled(download))
    app.register_blueprint(own)


def rows(told: dict[str, Any]) -> list[dict[str, Any]]:
    """The table's rows, most frequent first, each with a sample, if one is kept."""
    samples = {(sample["kind"], sample["message"]): sample for sample in reversed(told["samples"])}
    return [
        {
            # By which the page tells rows apart, and sorts them.
            "name": f"{rank:04}",
            "count": row["count"],
            "kind": f"{row['kind']} ({row['where']})" if row["where"] else row["kind"],
            "origin": row["origin"],
            "first": f"{row['first_users']} users, {row['first_t']} s",
            "message": row["message"],
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
    return text if len(text) <= SAMPLE_LIMIT else f"{text[: SAMPLE_LIMIT - 3]}..."
