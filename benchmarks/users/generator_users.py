"""The arms of generator_throughput.py: the same work by Locust's two HTTP users and ours, recorded by our plugin."""

from typing import Any

from locust import FastHttpUser, HttpUser, tag

import locust_asyncdjango.plugin  # noqa: F401  # registers itself
from locust_asyncdjango import FastUser

FORM = {"title": "A post", "content": "Made by a load test. " * 5}


@tag("get")
def get(user: Any) -> None:
    """Request a response of 30 bytes."""
    user.client.get("/small")


@tag("large")
def large(user: Any) -> None:
    """Request a response of 10 kB."""
    user.client.get("/large")


@tag("post")
def post(user: Any) -> None:
    """Send a form of two fields."""
    user.client.post("/form", data=FORM)


@tag("failing")
def failing(user: Any) -> None:
    """Request a response that is a classified failure."""
    user.client.get("/failing")


ALL: list[Any] = [get, large, post, failing]
"""The tasks that --tags chooses from."""


class StockHttp(HttpUser):
    """Locust's HttpUser, which uses requests."""

    tasks = ALL


class StockFast(FastHttpUser):
    """Locust's FastHttpUser, which uses geventhttpclient."""

    tasks = ALL


class Ours(FastUser):
    """FastUser, which the others are compared with."""

    tasks = ALL


class OursInTrial(Ours):
    """FastUser in an environment with the token of a trial."""
