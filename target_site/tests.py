"""The site's own tests: all variants of a route give the same response, on WSGI and on ASGI.

``python manage.py test`` runs them, here ``python -m target_site test``. They need a PostgreSQL (DATABASE_URL).
"""

# ruff: noqa: PT009 - Django's test runner does not rewrite assert; its own methods show what differs

import json
import os
import uuid
from typing import Any
from unittest import skipUnless

from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client, TransactionTestCase

from target_site.models import Post
from target_site.resources import REGISTRY
from target_site.routes import ROUTES
from target_site.routes.route import Route

ComparableResponse = tuple[int, str, Any]
"""Status, media type and body of a response."""

NEW_POST = {"title": "Grüße", "content": "<b>new</b>"}
GENERATED_FIELDS = ("id", "created_at", "updated_at")
"""The fields in which two posts from the same form differ."""


def wsgi_responses(route: Route, data: dict[str, str]) -> dict[str, ComparableResponse]:
    """Return the response at each path of a route, through WSGI."""
    client = Client()
    send = client.get if route.method == "GET" else client.post
    return {f"wsgi {path}": comparable(send(path, data)) for path in paths(route)}


async def asgi_responses(route: Route, data: dict[str, str]) -> dict[str, ComparableResponse]:
    """Return the response at each path of a route, through ASGI."""
    client = AsyncClient()
    send = client.get if route.method == "GET" else client.post
    try:
        return {f"asgi {path}": comparable(await send(path, data)) for path in paths(route)}
    finally:
        await REGISTRY.close_all()


def paths(route: Route) -> list[str]:
    """Return the route's own path, and the paths of its variants and aliases."""
    names = [*(variant.name for variant in route.variants), *route.aliases]
    return [f"/{route.name}/", *(f"/{route.name}/{name}/" for name in names)]


def comparable(response: Any) -> ComparableResponse:
    """Return what two responses to the same input have in common: a created post without its generated fields."""
    media_type = response["Content-Type"].partition(";")[0]
    if not media_type.endswith("json"):
        return response.status_code, media_type, response.content.decode()
    body = json.loads(response.content)
    if response.status_code == 201:
        body = {name: value for name, value in body.items() if name not in GENERATED_FIELDS}
    return response.status_code, media_type, body


class EveryVariant(TransactionTestCase):
    """A test for each route. Posts are committed, because the drivers read them through connections of their own."""

    def setUp(self) -> None:
        self.posts = [Post.objects.create(title=f"Post {n}", content=f"<i>{n}</i>") for n in range(3)]

    @classmethod
    def tearDownClass(cls) -> None:
        # A database with open connections cannot be dropped.
        REGISTRY.close_process_resources()
        super().tearDownClass()

    def common_response(self, name: str, **data: str) -> ComparableResponse:
        """Return the response to this input, and fail if one of the route's paths gives another one."""
        (route,) = (route for route in ROUTES if route.name == name)
        responses = {**wsgi_responses(route, data), **async_to_sync(asgi_responses)(route, data)}
        first = next(iter(responses.values()))
        for path, response in responses.items():
            with self.subTest(path):
                self.assertEqual(response, first)
        return first

    def assert_rejected(self, status: int, name: str, **data: str) -> None:
        """Fail unless all variants of a route respond to this input with a problem of this status."""
        actual, media_type, body = self.common_response(name, **data)
        self.assertEqual((actual, media_type, body["status"]), (status, "application/problem+json", status))

    def test_each_route_has_a_test_with_its_name(self) -> None:
        self.assertEqual([route.name for route in ROUTES if not hasattr(self, f"test_{route.name}")], [])

    def test_template(self) -> None:
        status, media_type, page = self.common_response("template", title="<Grüße>")
        self.assertEqual((status, media_type), (200, "text/html"))
        self.assertIn("<h1>&lt;Grüße&gt;</h1>", page)
        self.assert_rejected(400, "template", title="")

    def test_orm_get(self) -> None:
        post = self.posts[1]
        self.assertEqual(self.common_response("orm_get", id=str(post.id)), (200, "application/json", post.as_json()))
        self.assert_rejected(400, "orm_get", id="1")
        self.assert_rejected(404, "orm_get", id=str(uuid.uuid4()))

    def test_orm_post(self) -> None:
        self.assert_created("orm_post")
        self.assert_rejected(400, "orm_post", title="no content")

    @skipUnless(os.environ.get("REDIS_URL"), "needs a Redis: name one in REDIS_URL")
    def test_cached(self) -> None:
        status, media_type, body = self.common_response("cached", key=f"test-{uuid.uuid4()}")
        self.assertEqual((status, media_type, len(body["lines"])), (200, "application/json", 100))

    def test_cached_rejects_a_bad_key(self) -> None:
        self.assert_rejected(400, "cached", key="not a key")

    def test_list_detail(self) -> None:
        post = self.posts[1]
        items = [{"id": str(p.id), "title": p.title} for p in sorted(self.posts, key=lambda p: p.id)]
        expected = (200, "application/json", {"items": items, "detail": post.as_json()})
        self.assertEqual(self.common_response("list_detail", id=str(post.id)), expected)
        self.assert_rejected(400, "list_detail", id="1")
        self.assert_rejected(404, "list_detail", id=str(uuid.uuid4()))

    def test_cpu(self) -> None:
        self.assertEqual(
            self.common_response("cpu", n="1000"), (200, "application/json", {"n": 1000, "sum": 332833500})
        )
        self.assert_rejected(400, "cpu", n="-1")

    def test_io_create(self) -> None:
        self.assert_created("io_create")
        self.assert_rejected(400, "io_create", title="no content")

    def test_io_read(self) -> None:
        posts = [post.as_json() for post in sorted(self.posts, key=lambda p: p.id)]
        self.assertEqual(self.common_response("io_read"), (200, "application/json", {"count": 3, "posts": posts}))

    @skipUnless(os.environ.get("SLOW_API_URL"), "needs the slow API: name it in SLOW_API_URL")
    def test_external(self) -> None:
        status, media_type, body = self.common_response("external", ms="2", seed="7")
        self.assertEqual((status, media_type, len(body["countries"])), (200, "application/json", 3))

    def test_external_rejects_bad_times(self) -> None:
        self.assert_rejected(400, "external", ms="soon")

    def assert_created(self, name: str) -> None:
        """Fail unless each variant of a route creates the post that it responds with."""
        (route,) = (route for route in ROUTES if route.name == name)
        self.assertEqual(self.common_response(name, **NEW_POST), (201, "application/json", NEW_POST))
        self.assertEqual(Post.objects.filter(**NEW_POST).count(), 2 * len(paths(route)))
