"""The target site on real servers and a real database."""

import urllib.parse
import urllib.request
from contextlib import ExitStack, closing, suppress
from html.parser import HTMLParser
from pathlib import Path

import psycopg2
import pytest

from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.lab.environment.servers import SERVERS, running_server, site_env
from locust_asyncdjango.probe.protocol import PREFLIGHT_PATH, SLOTS_PATH, TOKEN_HEADER
from locust_asyncdjango.routes import ROUTES
from tests.support.site_client import fetch, variants_of
from tests.support.site_fixtures import TOKEN


@pytest.fixture(params=["wsgi", "asgi"])
def url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


def test_every_variant_reads_the_same_on_every_server(wsgi_url: str, asgi_url: str) -> None:
    answers = [fetch(f"{url}/io_read/{variant}") for url in (wsgi_url, asgi_url) for variant in ("", "sync/", "async/")]
    status, media_type, body = answers[0]
    assert (status, media_type, len(body["posts"])) == (200, "application/json", 25)
    assert body["count"] >= 25  # other tests may have added some
    ids = [post["id"] for post in body["posts"]]
    assert ids == sorted(ids)
    assert set(body["posts"][0]) == {"id", "title", "content", "created_at", "updated_at"}
    assert all(answer == answers[0] for answer in answers)


@pytest.mark.parametrize("variant", ["", "sync/", "async/"])
def test_a_post_is_created(url: str, variant: str) -> None:
    before = fetch(f"{url}/io_read/")[2]["count"]
    status, _, post = fetch(f"{url}/io_create/{variant}", {"title": "Grüße", "content": "<b>"})
    assert (status, post["title"], post["content"]) == (201, "Grüße", "<b>")
    assert fetch(f"{url}/io_read/")[2]["count"] == before + 1


@pytest.mark.parametrize("variant", ["sync/", "async/"])
def test_bad_input_is_a_problem(url: str, variant: str) -> None:
    assert fetch(f"{url}/io_create/{variant}", {"title": "no content"}) == (
        400,
        "application/problem+json",
        {
            "type": "about:blank",
            "title": "Bad Request",
            "status": 400,
            "detail": "the form field content must have 1 to 100000 characters",
        },
    )
    assert fetch(f"{url}/cpu/{variant}?n=-1")[0] == 400


@pytest.mark.parametrize("variant", ["", "sync/", "async/"])
def test_squares_are_added(url: str, variant: str) -> None:
    assert fetch(f"{url}/cpu/{variant}?n=1000") == (200, "application/json", {"n": 1000, "sum": 332833500})


def test_a_method_that_is_not_offered(url: str) -> None:
    for status, media_type, body in (fetch(f"{url}/io_create/"), fetch(f"{url}/io_read/", {"title": "x"})):
        assert (status, media_type, body["title"]) == (405, "application/problem+json", "Method Not Allowed")


def test_a_route_that_does_not_exist_is_a_problem(url: str) -> None:
    status, media_type, body = fetch(f"{url}/io_raed/")
    assert (status, media_type, body["detail"]) == (404, "application/problem+json", "the routes are listed at /")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS"])
@pytest.mark.parametrize("headers", [{}, {TOKEN_HEADER: "another"}, {TOKEN_HEADER: ""}, {"Authorization": TOKEN}])
def test_the_pages_for_the_lab_are_not_there_without_the_token(url: str, method: str, headers: dict[str, str]) -> None:
    missing = fetch(urllib.request.Request(f"{url}/no-such-page", method=method, headers=headers))
    assert missing[0] == 404
    for path in (PREFLIGHT_PATH, f"{SLOTS_PATH}?ms=5000", f"{PREFLIGHT_PATH}?token={TOKEN}"):
        assert fetch(urllib.request.Request(f"{url}{path}", method=method, headers=headers)) == missing


def test_the_pages_for_the_lab_answer_to_who_has_the_token(url: str) -> None:
    with_token = {TOKEN_HEADER: TOKEN}
    status, _, report = fetch(urllib.request.Request(f"{url}{PREFLIGHT_PATH}", headers=with_token))
    assert (status, TOKEN in str(report)) == (200, False)
    assert fetch(urllib.request.Request(f"{url}{SLOTS_PATH}?ms=0", headers=with_token))[2]["in_flight"] == 1
    post = urllib.request.Request(f"{url}{PREFLIGHT_PATH}", data=b"", headers=with_token)
    assert fetch(post)[0] == 404  # the site's own


def test_a_body_that_is_too_large_is_refused(url: str) -> None:
    status, media_type, _ = fetch(f"{url}/io_create/", {"title": "x", "content": "c" * 300_000})
    assert (status, media_type) == (413, "application/problem+json")


def test_a_charset_that_django_would_fail_on_is_refused(url: str) -> None:
    for route in ROUTES.values():
        data = b"title=x" if route.method == "POST" else None
        request = urllib.request.Request(f"{url}{route.path}?id=1", data, {"Content-Type": "text/plain; charset=hex"})
        status, media_type, body = fetch(request)
        assert (status, media_type, body["detail"]) == (415, "application/problem+json", "the charset must be utf-8")


def test_the_natural_variant_is_the_interfaces(wsgi_url: str, asgi_url: str) -> None:
    for url, interface, natural in ((wsgi_url, "wsgi", "sync"), (asgi_url, "asgi", "async")):
        site = fetch(f"{url}/routes.json")[2]
        assert site["interface"] == interface
        own = {"list_detail": {"sync": "psycopg2", "async": "asyncpg"}[natural]}
        assert {route["name"]: route["natural"] for route in site["routes"]} == {
            **dict.fromkeys(ROUTES, natural),
            **own,
        }
        assert (site["settings"]["debug"], site["settings"]["conn_max_age"]) == (False, 0)


class Links(HTMLParser):
    """Collects the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.hrefs: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.hrefs.append(dict(attrs)["href"] or "")


def test_every_link_of_the_index_page_works(url: str) -> None:
    status, media_type, page = fetch(f"{url}/")
    assert (status, media_type) == (200, "text/html")
    links = Links()
    links.feed(page)
    variants = {f"/{route.name}/{name}/" for route in ROUTES.values() for name in variants_of(route)}
    visited = {link for link in links.hrefs if not link.startswith("data:")}
    assert visited >= {path for path in variants if not path.startswith(("/orm_post/", "/io_create/"))}
    for link in visited:
        query = {"cpu": "?n=10", "external": "?ms=10"}.get(link.strip("/").partition("/")[0], "")
        assert fetch(f"{urllib.parse.urljoin(url, link)}{query}")[0] == 200


def test_a_full_database_is_named_and_recovers(url: str, database_url: str) -> None:
    with ExitStack() as stack:
        with suppress(psycopg2.OperationalError):
            while True:
                stack.enter_context(closing(psycopg2.connect(database_url)))
        for variant in ("sync", "async"):
            assert fetch(f"{url}/io_read/{variant}/") == (
                500,
                "application/problem+json",
                {
                    "type": "about:blank",
                    "title": "Internal Server Error",
                    "status": 500,
                    "exception": "django.db.utils.OperationalError",
                    "cause": "psycopg2.OperationalError",
                    "sqlstate": "53300",
                    "detail": "sorry, too many clients already",
                },
            )
        assert fetch(f"{url}/healthz") == (200, "text/plain", "ok\n")
    # A server process of PostgreSQL ends a moment after its client disconnects.
    for _ in range(100):
        if fetch(f"{url}/io_read/")[0] == 200:
            break
    else:
        pytest.fail("the site did not recover")


def test_on_a_gevent_worker_the_gevent_pool_is_taken(services_env: dict[str, str], tmp_path: Path) -> None:
    with running_server(SERVERS["gunicorn-gevent"], free_port(), tmp_path, site_env(services_env)) as served:
        assert fetch(f"{served.url}/routes.json")[2]["settings"]["gevent"] is True
        for variant in ROUTES["external"].sync_variants:
            status, _, body = fetch(f"{served.url}/external/{variant}/?ms=20&seed=7")
            assert (status, len(body["countries"])) == (200, 3)
