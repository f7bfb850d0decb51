"""The middleware in a project that has Django and nothing else of ours: no app, no model, no driver, no Locust."""

import subprocess
import sys

HIDDEN = (
    *("locust_asyncdjango", "locust", "gevent", "dj_database_url"),
    *("psycopg2", "psycopg", "psycopg_pool", "asyncpg", "redis", "aioredis", "httpx", "psycogreen"),
)
PROJECT = """
import sys
for name in HIDDEN:
    sys.modules[name] = None

import django
from django.conf import settings
settings.configure(
    SECRET_KEY="x" * 50,
    MIDDLEWARE=("django.middleware.common.CommonMiddleware", "target_site.problems.ProblemMiddleware"),
    ROOT_URLCONF="__main__",
    ALLOWED_HOSTS=("testserver",),
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": "/nowhere/x"}},
)
django.setup()

from django.db import connection
from django.test import Client
from django.urls import path

def view(request):
    connection.cursor()

urlpatterns = [path("view/", view)]
response = Client(raise_request_exception=False).get("/view/")
print(response.status_code, response.content.decode())
ours = [name for name in sys.modules if name.startswith("target_site")]
print([name for name in ours if not name.startswith("target_site.problems")])
"""


def test_the_middleware_needs_django_alone() -> None:
    done = subprocess.run(
        [sys.executable, "-c", f"HIDDEN = {HIDDEN!r}{PROJECT}"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    problem, modules = done.stdout.splitlines()
    assert problem == (
        '500 {"type": "about:blank", "title": "Internal Server Error", "status": 500,'
        ' "exception": "django.db.utils.OperationalError", "detail": "unable to open database file"}'
    )
    assert modules == "['target_site']"
