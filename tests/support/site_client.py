"""Asking a site, as its tests do."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from locust_asyncdjango.routes import Route


def ask(url: str | urllib.request.Request, form: dict[str, str] | None = None) -> tuple[int, str, Any]:
    """Status, media type and body of an answer."""
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    try:
        with urllib.request.urlopen(url, data, timeout=30) as response:
            return _told(response)
    except urllib.error.HTTPError as error:
        with error:
            return _told(error)


def variants_of(route: Route) -> tuple[str, ...]:
    """All variants of a route."""
    return (*route.sync_variants, *route.async_variants)


def _told(response: Any) -> tuple[int, str, Any]:
    media_type = response.headers.get_content_type()
    body = response.read()
    return response.status, media_type, json.loads(body) if media_type.endswith("json") else body.decode()
