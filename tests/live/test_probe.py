"""The probe around a project of another team, on each kind of server, as the lab starts them."""

import json
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango.failures.classify import classify
from locust_asyncdjango.lab.environment.servers import SERVERS
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.probe.protocol import FAILURE_HEADER, PREFLIGHT_PATH, SLOTS_PATH, FailureDetails, write_failure
from tests.support.fake_postgres import fake_postgres, refuses_with
from tests.support.http_site import http_site
from tests.support.programs import wait_for
from tests.support.served_shop import Answer, Shop, running_shop

NAMES = (
    *("gunicorn-sync", "gunicorn-100-threads", "gunicorn-gevent", "gunicorn-uvicorn", "gunicorn-asgi", "uvicorn"),
    *("uwsgi-2-threads", "uwsgi-gevent", "granian-wsgi", "granian-asgi", "hypercorn", "daphne", "waitress"),
)
REFUSED = ("django.db.utils.OperationalError", "psycopg.OperationalError")
FAILURES = {
    "fails": (500, ("ValueError",), "app_error"),
    "fails-async": (500, ("ValueError",), "app_error"),
    "refused": (500, REFUSED, "db_too_many_clients"),
    "refused-async": (500, REFUSED, "db_too_many_clients"),
    "guarded/ok": (500, REFUSED, "db_too_many_clients"),
    "wraps": (503, ("shop.middleware.BusyError", *REFUSED), "db_too_many_clients"),
    "swallows": (500, ("ValueError",), "app_error"),
    "fails-in-template": (500, ("KeyError",), "app_error"),
    "missing": (404, ("django.http.response.Http404",), "client_error"),
    "forbidden": (403, ("django.core.exceptions.PermissionDenied",), "client_error"),
}
"""A path -> status, names in the failure header, and the kind of the failure."""
FILE = b"served by the server itself\n" * 10_000


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=pytest.mark.xdist_group(f"probe on {name}")) for name in NAMES]
)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Serve the shop on each server. Its second database refuses all connections."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "file").write_bytes(FILE)
    with fake_postgres(refuses_with("53300", "sorry, too many clients already")) as port:
        env = {"REFUSING_PORT": str(port), "SERVED_FILE": str(folder / "file")}
        with running_shop(SERVERS[request.param], folder, env) as running:
            yield running


def is_asgi(shop: Shop) -> bool:
    """Return whether the shop is on an ASGI server."""
    return bool(shop.figures()["interface"] == "asgi")


def has_async_orm(shop: Shop) -> bool:
    """Return whether async views may use the ORM. Django refuses that to them in greenlets of gevent, on WSGI."""
    return not shop.page(PREFLIGHT_PATH)["gevent"]


def sums_of(shop: Shop, name: str) -> dict[str, Any]:
    """Return the sums of the requests of a name."""
    return next((sums for sums in shop.figures()["requests"] if sums["name"] == name), {})


def kind_of(answer: Answer) -> str:
    """Return the kind of a failure, as the load generator names it."""
    headers = {FAILURE_HEADER: write_failure(answer.failure)} if answer.failure else {}
    failure = classify(status=answer.status, headers=headers, body=answer.body)
    return failure.kind if failure else ""


def test_the_preflight(shop: Shop, request: pytest.FixtureRequest) -> None:
    report = shop.page(PREFLIGHT_PATH)
    server = SERVERS[request.node.callspec.params["shop"]]
    assert (report["server"], report["interface"], report["gevent"]) == (
        server.identity,
        server.interface,
        server.is_gevent,
    )
    assert report["server_version"][0].isdigit()
    assert report["databases"]["default"]["name"].endswith("shop.sqlite3")
    assert (report["database"]["vendor"], report["database"]["max_connections"]) == ("sqlite", None)
    assert report["sync_only_middleware"] == []
    assert report["caches"]["default"]["locations"] == ["redis://127.0.0.1:6379/1"]
    assert "pa55word" not in json.dumps(report)
    slots = shop.page(f"{SLOTS_PATH}?ms=1")
    assert (slots["in_flight"], slots["process"]) == (1, report["process"])


def test_failures_have_their_kind(shop: Shop) -> None:
    failures = {path: each for path, each in FAILURES.items() if path != "refused-async" or has_async_orm(shop)}
    answers = {path: shop.get(f"/{path}/") for path in failures}
    assert {
        path: (answer.status, answer.failure and answer.failure.names, kind_of(answer))
        for path, answer in answers.items()
    } == failures


def test_who_asks_learns_the_message_and_the_place(shop: Shop) -> None:
    assert shop.get("/fails/").details is None
    lines = ["", *(shop.folder / "shop" / "views.py").read_text().splitlines()]
    sync, of_async = (number for number, line in enumerate(lines) if "a secret of the shop" in line)
    in_template = lines.index('    raise KeyError("in a template")')
    details = {
        path: FailureDetails(name, text, f"shop/views.py:{line}", traceback="yes")
        for path, name, text, line in (
            ("fails", "ValueError", "a secret of the shop", sync),
            ("fails-async", "ValueError", "a secret of the shop", of_async),
            ("fails-in-template", "KeyError", "'in a template'", in_template),
        )
    }
    asked = {"X_Locust_Asyncdjango_Details": "wanted"}
    assert {path: shop.get(f"/{path}/", **asked).details for path in details} == details
    guarded = shop.get("/guarded/ok/", **asked).details
    assert guarded is not None
    assert (guarded.error, guarded.place.partition(":")[0]) == (REFUSED[0], "shop/middleware.py")
    wrapped = shop.get("/wraps/", **asked).details  # a middleware has answered, so that the log has no traceback
    assert wrapped is not None
    assert (wrapped.text, wrapped.cause, wrapped.traceback) == ("wrapped", REFUSED[1], "")
    assert shop.get("/ok/", **asked).details is None


def test_without_the_token_the_project_is_as_it_was(shop: Shop) -> None:
    assert shop.get("/fails/", token="").failure is None
    for path in (PREFLIGHT_PATH, f"{SLOTS_PATH}?ms=5000"):
        assert (shop.get(path, token="").status, shop.get(path, token="another").status) == (404, 404)


def test_a_request_is_measured(shop: Shop) -> None:
    headers = {"X_Locust_Asyncdjango_Name": "the cart", "X_Locust_Asyncdjango_Sent": "1.5"}
    with http_site({"/": (200, b"answered")}) as api:
        assert shop.get("/calls/", X_API=api.url.removeprefix("http://")).body == b"answered"
    shop.figures("?reset=1")
    path = "/queries-async/" if has_async_orm(shop) else "/queries/"
    assert shop.get("/queries/").body == shop.get(path, **headers).body == b"6"
    assert shop.get("/ok/", **{**headers, "X_Locust_Asyncdjango_Sent": "9" * 9}).body == b"ok"
    for name, view in (("GET queries/", "shop.views.queries"), ("the cart", "shop.views.ok")):
        sums = sums_of(shop, name)
        assert sums["view"] == view
        assert (sums["requests"], sums["failed"]) == ((1, 0) if name != "the cart" else (2, 0))
        # SQLite's BEGIN is a query too.
        assert (sums["queries"], sums["connects"], sums["commits"]) == (4, 1, 1)
        assert 0 < sums["query_s"] + sums["connect_s"] + sums["commit_s"] < sums["view_s"]


def test_calls_to_other_services_are_counted(shop: Shop) -> None:
    with http_site({"/": (200, b"answered")}) as api:
        shop.get("/calls/", X_API=api.url.removeprefix("http://"))
    sums = sums_of(shop, "GET calls/")
    assert sums["http_calls"] == sums["requests"]
    assert 0 < sums["http_s"] < sums["view_s"]


def test_streams_and_files_are_whole_and_end(shop: Shop) -> None:
    assert [shop.get(f"/{path}/").body for path in ("stream", "file")] == [b"123", FILE]
    assert sums_of(shop, "GET stream/")["queries"] == 3
    if has_async_orm(shop):
        assert shop.get("/stream-async/").body == b"123"
        assert sums_of(shop, "GET stream-async/")["queries"] == 3
    assert shop.figures()["in_flight"]["now"] == 0


@pytest.mark.parametrize("path", ["broken-stream", "broken-stream-async"])
def test_an_error_in_a_stream_is_counted(shop: Shop, path: str) -> None:
    # Each server breaks off in a way of its own. Daphne just says nothing any more.
    with suppress(HTTPException, OSError):
        shop.get(f"/{path}/", deadline_s=3)

    def has_ended() -> bool:
        return bool(sums_of(shop, f"GET {path}/").get("failed")) and shop.figures()["in_flight"]["now"] == 0

    wait_for(has_ended, lambda: json.dumps(shop.figures()))
    (failure,) = sums_of(shop, f"GET {path}/")["failures"]
    assert failure.startswith("ValueError")


def test_a_line_that_blocks_the_loop_is_named(shop: Shop) -> None:
    if not is_asgi(shop):
        assert shop.figures()["loop"] is None
        return
    shop.figures("?reset=1")

    def blocking() -> list[Any]:
        shop.get("/blocks/")
        return [block for block in shop.figures()["loop"]["blocks"] if block["function"] == "blocks"]

    (block,) = wait_for(blocking, lambda: json.dumps(shop.figures()["loop"]))
    lines = (shop.folder / "shop" / "views.py").read_text().splitlines()
    assert block["file"] == "shop/views.py"
    assert "time.sleep(BLOCK_S)" in lines[block["line"] - 1]
    assert block["ms"] > 50


def test_calls_into_threads_are_counted_on_asgi(shop: Shop) -> None:
    shop.figures("?reset=1")
    shop.get("/ok-async/")

    def hops() -> dict[str, int]:
        return dict(sums_of(shop, "GET ok-async/")["hop_names"])

    if is_asgi(shop):
        # The last one closes the response, after its last byte.
        wait_for(lambda: hops().get("HttpResponseBase.close"), lambda: json.dumps(hops()))
        assert hops()["SecurityMiddleware.process_request"] == 1
        assert "ok_async" not in hops()
    else:
        assert hops() == {}


PROGRAMS = (
    "gunicorn-sync",
    "gunicorn-uvicorn",
    "uvicorn",
    "uwsgi-gevent",
    "granian-asgi",
    "hypercorn",
    "daphne",
    "waitress",
)
"""One server of each program, and gunicorn with another package's worker: each reports an error in its own way."""


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_projects_own_error_is_shown(name: str, tmp_path: Path) -> None:
    env = {"LOCUST_ASYNCDJANGO_APPLICATION": "shop.broken:application"}
    with pytest.raises(TrialError), running_shop(SERVERS[name], tmp_path, env):
        pytest.fail("it started")
    assert "No module named 'not_installed'" in (tmp_path / f"{name}.log").read_text()
