"""The rows of the tabs in Locust's web UI."""

from locust_asyncdjango.analysis.formatting import key_figures
from locust_asyncdjango.plugin.web_ui import failure_rows, figure_rows
from tests.support.figures import FAILURES, figures


def test_the_tabs_rows() -> None:
    rows = figure_rows(key_figures(figures(28.34, 105, 4210)), "/load/live-charts")
    assert [row["figure"] for row in rows][-2:] == ["errors start", "charts"]
    assert rows[-1]["text"] == "/load/live-charts"
    assert [row["name"] for row in rows] == sorted(row["name"] for row in rows)
    (row,) = failure_rows(FAILURES)
    assert (row["kind"], row["first"]) == ("db_too_many_clients (server)", "after 21 s, at 105 users")
    assert row["sample"] == "GET / http://127.0.0.1:8000/: <b>sorry</b> no"


def test_long_words_can_be_broken_where_they_would_push_columns_out_of_sight() -> None:
    (row,) = failure_rows({"samples": [], "failures": [{**FAILURES["failures"][0], "message": "x" * 90 + " short"}]})
    assert row["message"].split("\u200b") == ["x" * 30, "x" * 30, "x" * 30 + " short"]
