"""The views of the target site as a tutorial would write them: one file, Django's defaults, no middleware.

target_site_overhead.py compares the target site with it: same paths, same responses, same table and services, and the
ORM on psycopg2 on both sides. It is served as ``plain_site:wsgi`` and ``plain_site:asgi``.
"""

import asyncio
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import dj_database_url
import django
import httpx
import psycopg2
import redis
import redis.asyncio
from django import forms
from django.conf import settings
from django.core.cache import cache
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.db import models
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.generic import TemplateView

DATABASE_URL = os.environ["DATABASE_URL"]
REDIS_URL = os.environ["REDIS_URL"]
SLOW_API_URL = os.environ["SLOW_API_URL"]

# Django uses psycopg 3 wherever it is installed. A project that uses psycopg2 has not installed it.
sys.modules["psycopg"] = None  # type: ignore[assignment]

settings.configure(
    SECRET_KEY="not a secret: nothing is signed",  # noqa: S106
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    DATABASES={"default": dj_database_url.parse(DATABASE_URL)},
    # A prefix of its own, so that it does not read what the target site has stored.
    CACHES={
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": "plain",
        }
    },
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "DIRS": [Path(__file__).resolve().parents[2] / "target_site" / "templates"],
        }
    ],
)
django.setup()


class Post(models.Model):
    """A row of the target site's table, which its migrations have made."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    title = models.CharField(max_length=100)
    content = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    # For mypy, which does not see Django's manager, because no installed app has this model.
    objects: "models.Manager[Post]" = models.Manager()

    class Meta:
        app_label = "plain_site"
        db_table = "target_site_post"
        managed = False

    def __str__(self) -> str:
        return self.title


class PostForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Post
        fields = ("title", "content")


def post_json(post: Post) -> dict[str, str]:
    return row_json((post.id, post.title, post.content, post.created_at, post.updated_at))


def row_json(row: Any) -> dict[str, str]:
    return {
        "id": str(row[0]),
        "title": row[1],
        "content": row[2],
        "created_at": row[3].isoformat(),
        "updated_at": row[4].isoformat(),
    }


def healthz(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n")


def page_context() -> dict[str, Any]:
    text = "The quick brown fox jumps over the lazy dog. " * 5
    return {"title": "A page", "paragraphs": [f"{n}. {text}" for n in range(1, 21)]}


class SyncPage(TemplateView):
    template_name = "target_site/template.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), **page_context()}


class AsyncPage(TemplateView):
    template_name = "target_site/template.html"

    async def get(self, _request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponse:  # type: ignore[override]
        return self.render_to_response(self.get_context_data(**page_context()))


def orm_get_sync(request: HttpRequest) -> JsonResponse:
    return JsonResponse(post_json(Post.objects.get(pk=request.GET["id"])))


async def orm_get_async(request: HttpRequest) -> JsonResponse:
    return JsonResponse(post_json(await Post.objects.aget(pk=request.GET["id"])))


def orm_post_sync(request: HttpRequest) -> JsonResponse:
    form = PostForm(request.POST)
    if form.is_valid():
        return JsonResponse(post_json(form.save()), status=201)
    return JsonResponse(form.errors, status=400)


async def orm_post_async(request: HttpRequest) -> JsonResponse:
    form = PostForm(request.POST)
    if form.is_valid():
        post = form.save(commit=False)
        await post.asave()
        return JsonResponse(post_json(post), status=201)
    return JsonResponse(form.errors, status=400)


def io_create_sync(request: HttpRequest) -> JsonResponse:
    post = Post.objects.create(title=request.POST["title"], content=request.POST["content"])
    return JsonResponse(post_json(post), status=201)


async def io_create_async(request: HttpRequest) -> JsonResponse:
    post = await Post.objects.acreate(title=request.POST["title"], content=request.POST["content"])
    return JsonResponse(post_json(post), status=201)


def io_read_sync(_request: HttpRequest) -> JsonResponse:
    posts = [post_json(post) for post in Post.objects.order_by("id")[:25]]
    return JsonResponse({"count": Post.objects.count(), "posts": posts})


async def io_read_async(_request: HttpRequest) -> JsonResponse:
    posts = [post_json(post) async for post in Post.objects.order_by("id")[:25]]
    return JsonResponse({"count": await Post.objects.acount(), "posts": posts})


def cpu_sync(request: HttpRequest) -> JsonResponse:
    n = int(request.GET["n"])
    return JsonResponse({"n": n, "sum": sum(i * i for i in range(n))})


async def cpu_async(request: HttpRequest) -> JsonResponse:
    n = int(request.GET["n"])
    return JsonResponse({"n": n, "sum": sum(i * i for i in range(n))})


redis_client = redis.from_url(REDIS_URL)
redis_async_client = redis.asyncio.from_url(REDIS_URL)


def build_body(key: str) -> bytes:
    text_lines = [hashlib.sha256(f"{key} {n}".encode()).hexdigest() for n in range(100)]
    return json.dumps({"key": key, "lines": text_lines}).encode()


def cached_sync(request: HttpRequest) -> HttpResponse:
    key = f"target_site:cached:{request.GET['key']}"
    body = redis_client.get(f"plain:{key}")
    if body is None:
        body = build_body(key)
        redis_client.set(f"plain:{key}", body, ex=60)
    return HttpResponse(body, content_type="application/json")


async def cached_async(request: HttpRequest) -> HttpResponse:
    key = f"target_site:cached:{request.GET['key']}"
    body = await redis_async_client.get(f"plain:{key}")
    if body is None:
        body = build_body(key)
        await redis_async_client.set(f"plain:{key}", body, ex=60)
    return HttpResponse(body, content_type="application/json")


def cached_django_sync(request: HttpRequest) -> HttpResponse:
    key = f"target_site:cached:{request.GET['key']}"
    body = cache.get(key)
    if body is None:
        body = build_body(key)
        cache.set(key, body, 60)
    return HttpResponse(body, content_type="application/json")


LIST = "SELECT id, title FROM target_site_post ORDER BY id LIMIT 800"
DETAIL = "SELECT id, title, content, created_at, updated_at FROM target_site_post WHERE id = "


def list_detail_psycopg2(request: HttpRequest) -> JsonResponse:
    connection = psycopg2.connect(DATABASE_URL)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(LIST)
    rows = cursor.fetchall()
    cursor.execute(DETAIL + "%s", [request.GET["id"]])
    row = cursor.fetchone()
    connection.close()
    items = [{"id": str(id_), "title": title} for id_, title in rows]
    return JsonResponse({"items": items, "detail": row_json(row)})


async def fetch_list() -> Any:
    connection = await asyncpg.connect(DATABASE_URL)
    rows = await connection.fetch(LIST)
    await connection.close()
    return rows


async def fetch_detail(key: UUID) -> Any:
    connection = await asyncpg.connect(DATABASE_URL)
    row = await connection.fetchrow(DETAIL + "$1", key)
    await connection.close()
    return row


async def list_detail_asyncpg(request: HttpRequest) -> JsonResponse:
    rows, row = await asyncio.gather(fetch_list(), fetch_detail(UUID(request.GET["id"])))
    items = [{"id": str(id_), "title": title} for id_, title in rows]
    return JsonResponse({"items": items, "detail": row_json(row)})


# The slow API is not behind a proxy that the environment names.
client = httpx.Client(trust_env=False)
async_client = httpx.AsyncClient(trust_env=False)


def slow_api_urls(request: HttpRequest) -> list[str]:
    ms = int(request.GET["ms"])
    seed = int(request.GET["seed"])
    return [
        f"{SLOW_API_URL}/?ms={ms}&seed={seed}",
        f"{SLOW_API_URL}/?ms={2 * ms}&seed={seed + 1}",
        f"{SLOW_API_URL}/?ms={ms // 2}&seed={seed + 2}",
    ]


def external_sync(request: HttpRequest) -> JsonResponse:
    responses = [client.get(url) for url in slow_api_urls(request)]
    return JsonResponse({"countries": [response.json()["country"] for response in responses]})


async def external_async(request: HttpRequest) -> JsonResponse:
    responses = await asyncio.gather(*(async_client.get(url) for url in slow_api_urls(request)))
    return JsonResponse({"countries": [response.json()["country"] for response in responses]})


urlpatterns = [
    path("healthz", healthz),
    path("template/class_sync/", SyncPage.as_view()),
    path("template/class_async/", AsyncPage.as_view()),
    path("orm_get/sync/", orm_get_sync),
    path("orm_get/async/", orm_get_async),
    path("orm_post/sync/", orm_post_sync),
    path("orm_post/async/", orm_post_async),
    path("io_create/sync/", io_create_sync),
    path("io_create/async/", io_create_async),
    path("io_read/sync/", io_read_sync),
    path("io_read/async/", io_read_async),
    path("cpu/sync/", cpu_sync),
    path("cpu/async/", cpu_async),
    path("cached/sync/", cached_sync),
    path("cached/async/", cached_async),
    path("cached/django_sync/", cached_django_sync),
    path("list_detail/psycopg2/", list_detail_psycopg2),
    path("list_detail/asyncpg/", list_detail_asyncpg),
    path("external/sync/", external_sync),
    path("external/async/", external_async),
]

wsgi = WSGIHandler()
asgi = ASGIHandler()
