"""A Django project that has our middleware alone: it checks that failures are named, and prints what it runs on."""

import asyncio
import secrets

import django
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import AsyncClient, Client
from django.urls import path

settings.configure(
    MIDDLEWARE=["target_site.problems.ProblemMiddleware"],
    ROOT_URLCONF=__name__,
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql", "NAME": "none"}},
    ALLOWED_HOSTS=["testserver"],
    SECRET_KEY=secrets.token_hex(),
)
django.setup()


def broken(_request: HttpRequest) -> HttpResponse:
    raise RuntimeError("for nobody else")


urlpatterns = [path("broken/", broken)]

if __name__ == "__main__":
    for response in (
        Client(raise_request_exception=False).get("/broken/"),
        asyncio.run(AsyncClient(raise_request_exception=False).get("/broken/")),
    ):
        assert (response.status_code, response.json()["exception"]) == (500, "RuntimeError")
        assert b"for nobody else" not in response.content
    print(django.__version__, connection.Database.__name__)  # type: ignore[attr-defined]
