"""The site's own tests: every variant of every route, on WSGI and on ASGI."""

# ruff: noqa: PT009 - Django's runner does not rewrite assert: its own methods tell what differs

import json
import os
import uuid
from typing import Any
from unittest import skipUnless

from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client, TransactionTestCase

from target_site.models import Post
from target_site.resources import close_all, close_shared
from target_site.routes import ROUTES
from target_site.routes.route import Route

Answer = tuple[int, str, Any]
"""Status, media type and body."""

NEW_POST = {"title": "Grüße", "content": "<b>new</b>"}
OF_A_NEW_POST = ("id", "created_at", "updated_at")
"""What differs between two posts that were created from the same form."""


def ask_on_wsgi(route: Route, data: dict[str, str]) -> dict[str, Answer]:
    """What each variant answers through WSGI."""
    client = Client()
    send = client.get if route.method == "GET" else client.post
    return {f"wsgi {path}": told(send(path, data)) for path in paths(route)}


async def ask_on_asgi(route: Route, data: dict[str, str]) -> dict[str, Answer]:
    """What each variant answers through ASGI."""
    client = AsyncClient()
    send = client.get if route.method == "GET" else client.post
    try:
        return {f"asgi {path}": told(await send(path, data)) for path in paths(route)}
    finally:
        await close_all()


def paths(route: Route) -> list[str]:
    """A route's own path, and those of its variants and their aliases."""
    names = [*(variant.name for variant in route.variants), *route.aliases]
    return [f"/{route.name}/", *(f"/{route.name}/{name}/" for name in names)]


def told(response: Any) -> Answer:
    """What of a response does not depend on when it was made."""
    media_type = response["Content-Type"].partition(";")[0]
    if not media_type.endswith("json"):
        return response.status_code, media_type, response.content.decode()
    body = json.loads(response.content)
    if response.status_code == 201:
        body = {name: value for name, value in body.items() if name not in OF_A_NEW_POST}
    return response.status_code, media_type, body


class EveryVariant(TransactionTestCase):
    """Posts are committed: the drivers by themselves read them through connections of their own."""

    def setUp(self) -> None:
        self.posts = [Post.objects.create(title=f"Post {n}", content=f"<i>{n}</i>") for n in range(3)]

    @classmethod
    def tearDownClass(cls) -> None:
        # A database with open connections cannot be dropped.
        close_shared()
        super().tearDownClass()

    def agreed(self, name: str, **data: str) -> Answer:
        """The answer that all variants of a route give to the same input."""
        (route,) = (route for route in ROUTES if route.name == name)
        answers = {**ask_on_wsgi(route, data), **async_to_sync(ask_on_asgi)(route, data)}
        first = next(iter(answers.values()))
        for asked, answer in answers.items():
            with self.subTest(asked):
                self.assertEqual(answer, first)
        return first

    def assert_refused(self, status: int, name: str, **data: str) -> None:
        """Sees that all variants of a route answer bad input with a problem."""
        found, media_type, body = self.agreed(name, **data)
        self.assertEqual((found, media_type, body["status"]), (status, "application/problem+json", status))

    def test_each_route_has_a_test_of_its_name(self) -> None:
        self.assertEqual([route.name for route in ROUTES if not hasattr(self, f"test_{route.name}")], [])

    def test_template(self) -> None:
        status, media_type, page = self.agreed("template", title="<Grüße>")
        self.assertEqual((status, media_type), (200, "text/html"))
        self.assertIn("<h1>&lt;Grüße&gt;</h1>", page)
        self.assert_refused(400, "template", title="")

    def test_orm_get(self) -> None:
        post = self.posts[1]
        self.assertEqual(self.agreed("orm_get", id=str(post.id)), (200, "application/json", post.as_json()))
        self.assert_refused(400, "orm_get", id="1")
        self.assert_refused(404, "orm_get", id=str(uuid.uuid4()))

    def test_orm_post(self) -> None:
        self.assert_created("orm_post")
        self.assert_refused(400, "orm_post", title="no content")

    @skipUnless(os.environ.get("REDIS_URL"), "needs a Redis: name one in REDIS_URL")
    def test_cached(self) -> None:
        status, media_type, body = self.agreed("cached", key=f"test-{uuid.uuid4()}")
        self.assertEqual((status, media_type, len(body["lines"])), (200, "application/json", 100))

    def test_cached_refuses_a_bad_key(self) -> None:
        self.assert_refused(400, "cached", key="not a key")

    def test_list_detail(self) -> None:
        post = self.posts[1]
        items = [{"id": str(p.id), "title": p.title} for p in sorted(self.posts, key=lambda p: p.id)]
        expected = (200, "application/json", {"items": items, "detail": post.as_json()})
        self.assertEqual(self.agreed("list_detail", id=str(post.id)), expected)
        self.assert_refused(400, "list_detail", id="1")
        self.assert_refused(404, "list_detail", id=str(uuid.uuid4()))

    def test_cpu(self) -> None:
        self.assertEqual(self.agreed("cpu", n="1000"), (200, "application/json", {"n": 1000, "sum": 332833500}))
        self.assert_refused(400, "cpu", n="-1")

    def test_io_create(self) -> None:
        self.assert_created("io_create")
        self.assert_refused(400, "io_create", title="no content")

    def test_io_read(self) -> None:
        posts = [post.as_json() for post in sorted(self.posts, key=lambda p: p.id)]
        self.assertEqual(self.agreed("io_read"), (200, "application/json", {"count": 3, "posts": posts}))

    @skipUnless(os.environ.get("SLOW_API_URL"), "needs the slow API: name it in SLOW_API_URL")
    def test_external(self) -> None:
        status, media_type, body = self.agreed("external", ms="2", seed="7")
        self.assertEqual((status, media_type, len(body["countries"])), (200, "application/json", 3))

    def test_external_refuses_bad_times(self) -> None:
        self.assert_refused(400, "external", ms="soon")

    def assert_created(self, name: str) -> None:
        """Sees that each variant of a route creates the post that it answers."""
        (route,) = (route for route in ROUTES if route.name == name)
        self.assertEqual(self.agreed(name, **NEW_POST), (201, "application/json", NEW_POST))
        self.assertEqual(Post.objects.filter(**NEW_POST).count(), 2 * len(paths(route)))
