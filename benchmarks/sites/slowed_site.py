"""The target site for WSGI servers, as it is (``plain``) and a tenth slower (``slowed``), whatever a request does."""

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "target_site.settings")

from target_site.wsgi import application as plain

CARRIES = 0.9
"""Of what the site as it is carries."""

__all__ = ["plain", "slowed"]


def slowed(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Takes a ninth of its time more for each request, with its connection closed and its worker held."""
    begin_s = time.perf_counter()
    response: Any = plain(environ, start_response)
    body = list(response)
    response.close()
    time.sleep((time.perf_counter() - begin_s) * (1 / CARRIES - 1))
    return body
