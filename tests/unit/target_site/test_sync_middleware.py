"""The middleware without async support."""

from typing import Any

from django.http import HttpResponse
from django.test import RequestFactory

from target_site.sync_middleware import header_middleware


def test_it_adds_a_header_and_tells_django_that_it_is_sync_only() -> None:
    factory: Any = header_middleware
    assert (factory.sync_capable, factory.async_capable) == (True, False)
    middleware = factory(lambda _request: HttpResponse("ok"))
    assert middleware(RequestFactory().get("/"))["X-Middleware"] == "sync only"
