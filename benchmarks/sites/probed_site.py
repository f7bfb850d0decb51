"""A site for probe_cost.py: one view that does nothing, and one that computes for 5 ms. No middleware, no database.

Beside it stand two applications without Django, which show what the probe's wrapper costs alone.
"""

import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse
from django.urls import path

COMPUTING_S = 0.005

settings.configure(
    ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY=secrets.token_hex(), LOGGING_CONFIG=None, MIDDLEWARE=[]
)
django.setup()


def empty(_request: HttpRequest) -> HttpResponse:
    """Respond at once, on WSGI."""
    return HttpResponse("ok")


async def empty_async(_request: HttpRequest) -> HttpResponse:
    """Respond at once, on ASGI."""
    return HttpResponse("ok")


def compute(_request: HttpRequest) -> HttpResponse:
    """Compute for COMPUTING_S of processor time."""
    _compute()
    return HttpResponse("ok")


async def compute_async(_request: HttpRequest) -> HttpResponse:
    """Do the same in the event loop."""
    _compute()
    return HttpResponse("ok")


def _compute() -> None:
    end_s = time.thread_time() + COMPUTING_S
    while time.thread_time() < end_s:
        pass


urlpatterns = [
    path("wsgi/empty/", empty),
    path("wsgi/compute/", compute),
    path("asgi/empty/", empty_async),
    path("asgi/compute/", compute_async),
]
wsgi, asgi = WSGIHandler(), ASGIHandler()


def bare_wsgi(_environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Respond without Django, on WSGI."""
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]


async def bare_asgi(_scope: Any, _receive: Any, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    """Respond without Django, on ASGI."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})
