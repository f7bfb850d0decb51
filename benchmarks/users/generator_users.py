"""The arms of generator.py: the same work by Locust's two HTTP users and ours, recorded by our plugin."""

from typing import Any

from locust import FastHttpUser, HttpUser, tag

import locust_asyncdjango.plugin  # noqa: F401  # registers itself
from locust_asyncdjango import FastUser

FORM = {"title": "A post", "content": "Made by a load test. " * 5}


@tag("get")
def get(user: Any) -> None:
    """An answer of 30 bytes."""
    user.client.get("/small")


@tag("large")
def large(user: Any) -> None:
    """An answer of 10 kB."""
    user.client.get("/large")


@tag("post")
def post(user: Any) -> None:
    """A form."""
    user.client.post("/form", data=FORM)


@tag("failing")
def failing(user: Any) -> None:
    """An answer that is a failure with a name."""
    user.client.get("/failing")


ALL: list[Any] = [get, large, post, failing]
"""What --tags chooses from."""


class StockHttp(HttpUser):
    """On requests."""

    tasks = ALL


class StockFast(FastHttpUser):
    """On geventhttpclient."""

    tasks = ALL


class Ours(FastUser):
    """What is measured."""

    tasks = ALL
