"""A small HTTP client for tests of a site."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from locust_asyncdjango.routes import Route


def fetch(url: str | urllib.request.Request, form: dict[str, str] | None = None) -> tuple[int, str, Any]:
    """Return status, media type and body of the response; JSON is parsed. form: sent as a POST, None for a GET."""
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    try:
        with urllib.request.urlopen(url, data, timeout=30) as response:
            return _read(response)
    except urllib.error.HTTPError as error:
        with error:
            return _read(error)


def variants_of(route: Route) -> tuple[str, ...]:
    """Return the names of all variants of a route, sync ones first."""
    return (*route.sync_variants, *route.async_variants)


def _read(response: Any) -> tuple[int, str, Any]:
    media_type = response.headers.get_content_type()
    body = response.read()
    return response.status, media_type, json.loads(body) if body and media_type.endswith("json") else body.decode()
