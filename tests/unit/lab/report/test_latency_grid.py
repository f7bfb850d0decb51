"""A route at several latencies, as table and chart."""

from locust_asyncdjango.lab.report.latency_grid import latency_grids
from tests.support.experiments import at_two_latencies, repeated


def test_a_route_at_several_latencies_has_a_row_for_each() -> None:
    (grid,) = latency_grids(at_two_latencies())
    assert grid.headers == (
        "latency",
        "gunicorn-sync",
        "gunicorn-uvicorn",
        "gunicorn-sync with 1000 connections",
        "gunicorn-uvicorn with 1000 connections",
    )
    assert list(grid.text_rows()) == [
        ("0 ms", "50.0 req/s, 4100", "80.0 req/s, 4100", "50.5 req/s, 4100", "90.0 req/s, 4100"),
        ("100 ms", "5.0 req/s, 4100", "60.0 req/s, 4100", "5.1 req/s, 4100", "not measured"),
    ]
    assert [(name, [round(share, 2) for _, share in cells]) for name, cells in grid.shaded_rows()] == [
        ("0 ms", [0.56, 0.89, 0.56, 1.0]),
        ("100 ms", [0.08, 1.0, 0.08, 0.0]),
    ]


def test_the_chart_has_a_line_for_each_arm_with_a_gap_where_nothing_was_measured() -> None:
    (grid,) = latency_grids(at_two_latencies())
    chart = grid.chart()
    assert (chart["id"], chart["x"]["values"]) == ("interaction-io_read", [0, 100])
    assert [line["values"] for line in chart["lines"]] == [[50.0, 5.0], [80.0, 60.0], [50.5, 5.1], [90.0, None]]


def test_a_route_at_one_latency_has_no_grid() -> None:
    assert latency_grids(repeated((50.0, 100.0))) == []
