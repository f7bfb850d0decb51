"""Print as JSON what the target site answers with each driver, on WSGI and on ASGI, without a server.

The argument is a path with {} for the name of a variant. Each line is interface, variant, status and body.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import django
from asgiref.sync import async_to_sync
from django.test import AsyncClient, Client

VARIANTS = ("sync", "async", "psycopg2", "psycopg", "psycopg_async", "asyncpg")

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "target_site.settings"
    django.setup()
    clients: dict[str, Callable[[str], Any]] = {
        "wsgi": Client(raise_request_exception=False).get,
        "asgi": async_to_sync(AsyncClient(raise_request_exception=False).get),
    }
    for interface, get in clients.items():
        for variant in VARIANTS:
            response = get(sys.argv[1].format(variant))
            print(json.dumps([interface, variant, response.status_code, response.content.decode()]), flush=True)
