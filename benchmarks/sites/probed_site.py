"""A site for probe_cost.py: one view that does nothing, and one that computes for 5 ms. No middleware, no database."""

import secrets
import time

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
