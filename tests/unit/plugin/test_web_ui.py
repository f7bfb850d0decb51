"""What Locust's web UI gets from the plugin: tabs, their rows, a page with charts and a download."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Blueprint, Flask, abort, jsonify
from flask.testing import FlaskClient
from flask_cors import CORS

from locust_asyncdjango.analysis.formatting import key_figures
from locust_asyncdjango.plugin.web_ui import add_tabs, failure_rows, figure_rows
from tests.support.figures import FAILURES, figures


def test_the_tabs_rows() -> None:
    rows = figure_rows(key_figures(figures(28.34, 105, 4210)), "/load/live-charts")
    assert [row["figure"] for row in rows][-2:] == ["peak (biased upward)", "charts"]
    assert rows[-1]["text"] == "/load/live-charts"
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
    (row,) = failure_rows(FAILURES)
    assert (row["kind"], row["first"]) == ("db_too_many_clients (server)", "after 21 s, at 105 users")
    assert row["sample"] == "GET / http://127.0.0.1:8000/: <b>sorry</b> no"


def test_long_words_can_be_broken_where_they_would_push_columns_out_of_sight() -> None:
    (row,) = failure_rows({"samples": [], "failures": [{**FAILURES["failures"][0], "message": "x" * 90 + " short"}]})
    assert row["message"].split("\u200b") == ["x" * 30, "x" * 30, "x" * 30 + " short"]


class FakeWebUI:
    """Locust's web UI as far as the plugin uses it, below a path and with a login that can be closed."""

    def __init__(self) -> None:
        self.template_args: dict[str, Any] = {"extended_tabs": [{"title": "of the locustfile", "key": "own"}]}
        self.app = Flask("locust")
        CORS(self.app)  # as Locust does
        self.is_locked = False
        locust = Blueprint("locust", __name__, url_prefix="/load")
        locust.add_url_rule("/stats/requests", "request_stats", lambda: jsonify({"state": "running"}))
        locust.add_url_rule("/other", "other", lambda: jsonify({}))
        self.app.register_blueprint(locust)

    def auth_required_if_enabled(self, view: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any, **kwargs: Any) -> Any:
            return abort(401) if self.is_locked else view(*args, **kwargs)

        return guarded


@pytest.fixture
def web_ui() -> FakeWebUI:
    """A web UI with our tabs, which show a run with one kind of failures."""
    ui = FakeWebUI()
    results: Any = SimpleNamespace(
        figures_in_words=lambda: key_figures(figures(28.34, 105, 4210)),
        failures=lambda: FAILURES,
        chart_data=lambda: {"state": "running", "about": "Full on http://x", "charts": []},
    )
    add_tabs(ui, results)
    return ui


@pytest.fixture
def client(web_ui: FakeWebUI) -> FlaskClient:
    """A browser's view of it."""
    return web_ui.app.test_client()


def test_the_template_gets_tabs_tables_and_downloads_behind_those_of_the_locustfile(web_ui: FakeWebUI) -> None:
    arguments = web_ui.template_args
    assert [tab["key"] for tab in arguments["extended_tabs"]] == ["own", "saturation", "failure-kinds"]
    assert [table["key"] for table in arguments["extended_tables"]] == ["saturation", "failure-kinds"]
    assert [file["href"] for file in arguments["extended_csv_files"]] == ["./live-charts", "./failure-kinds.json"]


def test_locusts_statistics_get_the_rows_of_the_tabs_and_nothing_else_does(client: FlaskClient) -> None:
    stats: Any = client.get("/load/stats/requests").json
    assert stats["state"] == "running"
    assert [(each["key"], len(each["data"])) for each in stats["extended_stats"]] == [
        ("saturation", 6),
        ("failure-kinds", 1),
    ]
    assert stats["extended_stats"][0]["data"][-1]["text"] == "/load/live-charts"
    assert client.get("/load/other").json == {}


def test_the_page_with_charts_its_files_and_its_data(client: FlaskClient) -> None:
    assert "<h1>Live charts</h1>" in client.get("/load/live-charts").text
    assert client.get("/load/live-charts/charts.js").mimetype == "text/javascript"
    assert client.get("/load/live-charts/../web_ui.py").status_code == 404
    assert client.get("/load/live-charts/report.css").status_code == 404
    data = client.get("/load/live-charts.json")
    assert data.headers["Cache-Control"] == "no-store"
    assert set(data.json or {}) == {"state", "about", "charts", "numbers", "columns", "failures"}


def test_the_failures_can_be_downloaded(client: FlaskClient) -> None:
    response = client.get("/load/failure-kinds.json")
    assert response.headers["Content-Disposition"] == "attachment; filename=failure-kinds.json"
    assert response.json == FAILURES


@pytest.mark.parametrize("path", ["failure-kinds.json", "live-charts", "live-charts.json", "live-charts/charts.js"])
def test_all_is_behind_the_login(web_ui: FakeWebUI, client: FlaskClient, path: str) -> None:
    web_ui.is_locked = True
    assert client.get(f"/load/{path}").status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
@pytest.mark.parametrize(
    "path",
    [
        "failure-kinds.json",
        "live-charts",
        "live-charts.json",
        "live-charts/charts.js",
        "live-charts/missing.js",
        "stats/requests",
    ],
)
def test_pages_of_other_sites_may_read_none_of_our_data(client: FlaskClient, method: str, path: str) -> None:
    headers = {"Origin": "http://other.example", "Access-Control-Request-Method": "GET"}
    response = client.open(f"/load/{path}", method=method, headers=headers)
    assert [name for name, _ in response.headers if name.startswith("Access-Control-")] == []


def test_what_is_locusts_own_keeps_its_headers(client: FlaskClient) -> None:
    response = client.get("/load/other", headers={"Origin": "http://other.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "http://other.example"
