"""What is made of the figures of a server's processes."""

import json
from typing import Any

from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.experiment.probe_figures import LoopBlock, ProbeFigures, RequestTimes
from locust_asyncdjango.lab.measure.probe_figures import ProbeReader, combine
from locust_asyncdjango.probe.protocol import FIGURES_PATH
from tests.support.http_site import http_site

SUMS = {
    "name": "GET cart",
    "route": "cart/",
    "view": "shop.views.cart",
    "is_async": True,
    "requests": 10,
    "failed": 2,
    "disconnected": 0,
    "queued": 5,
    "hops": 30,
    "queued_s": 0.05,
    "view_s": 1.0,
    "queries": 20,
    "query_s": 0.4,
    "connects": 10,
    "connect_s": 0.1,
    "pool_waits": 10,
    "pool_wait_s": 0.2,
    "commits": 10,
    "commit_s": 0.1,
    "http_calls": 5,
    "http_s": 0.05,
    "failures": {"django.db.utils.OperationalError;sqlstate=53300": 2},
    "hop_names": {},
}
BLOCK = {"file": "shop/views.py", "line": 41, "function": "cart", "ms": 160.0, "most_ms": 90.0, "times": 2}


def page(process: int, *requests: dict[str, Any], blocks: tuple[dict[str, Any], ...] = ()) -> dict[str, Any]:
    """Return what one process answers."""
    return {
        "format": "locust-asyncdjango figures",
        "version": 1,
        "process": process,
        "requests": list(requests),
        "in_flight": {"now": 0, "most": 7, "per_second": {}},
        "loop": {"lag_most_ms": 50.0 + process, "late_share": 0.1, "unexplained": 0, "blocks": list(blocks)},
        "pools": {},
    }


def test_processes_are_one_server() -> None:
    other = {**SUMS, "requests": 30, "failed": 0, "failures": {}, "queued": 0, "queued_s": 0.0}
    figures = combine([page(1, SUMS, blocks=(BLOCK,)), page(2, other, blocks=(BLOCK,))], workers=2)
    assert figures == ProbeFigures(
        processes=2,
        workers=2,
        requests=(
            RequestTimes(
                name="GET cart",
                view="shop.views.cart",
                is_async=True,
                requests=40,
                failed=2,
                queued_ms=10.0,
                view_ms=50.0,
                query_ms=25.0,
                connect_ms=5.0,
                pool_wait_ms=10.0,
                http_ms=2.5,
                queries=1.0,
                connects=0.5,
                http_calls=0.25,
                hops=1.5,
                failures={"django.db.utils.OperationalError;sqlstate=53300": 2},
            ),
        ),
        most_in_flight=14,
        lag_most_ms=52.0,
        blocks=(LoopBlock("shop/views.py", 41, "cart", 4, 320.0, 90.0),),
    )
    assert figures.requests[0].database_ms == 40.0


def test_a_server_on_wsgi_has_no_loop() -> None:
    assert combine([{**page(1, SUMS), "loop": None}], workers=1).lag_most_ms is None


def test_the_figures_of_a_running_server_are_read() -> None:
    body = json.dumps(page(1, SUMS)).encode()
    with http_site({FIGURES_PATH: (200, body), f"{FIGURES_PATH}?reset=1": (200, body)}) as site:
        reader = ProbeReader(Site(site.url, "t0ken"), workers=1)
        reader.reset()
        figures = reader.read()
    assert figures is not None
    assert (figures.processes, [each.name for each in figures.requests]) == (1, ["GET cart"])
    assert [path for _, path, _ in site.requests] == [f"{FIGURES_PATH}?reset=1", FIGURES_PATH]


def test_a_server_without_the_probe_has_no_figures() -> None:
    with http_site({FIGURES_PATH: (200, b"<html>")}) as site:
        assert ProbeReader(Site(site.url), workers=2).read() is None
    with http_site({}) as site:
        assert ProbeReader(Site(site.url), workers=1).read() is None
