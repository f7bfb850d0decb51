"""The target site for WSGI servers: as it is (``plain``), and a tenth slower for each request (``slowed``)."""

import os
import time
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "target_site.settings")

from target_site.wsgi import application as plain

CARRIED_SHARE = 0.9
"""The share of the plain site's throughput that the slowed site carries."""

__all__ = ["plain", "slowed"]


def slowed(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """Answer as the plain site does, but keep the worker a ninth longer, after the database connection is closed."""
    begin_s = time.perf_counter()
    response: Any = plain(environ, start_response)
    body = list(response)
    response.close()
    time.sleep((time.perf_counter() - begin_s) * (1 / CARRIED_SHARE - 1))
    return body
