"""Settings, each from an environment variable, safe where it is not set.

DATABASE_URL             postgresql://user:password@host:port/name
REDIS_URL                redis://host:port/db; default redis://127.0.0.1:6379/0
SLOW_API_URL             where target_site.slow_api answers; default http://127.0.0.1:5000
SECRET_KEY               Django's; without it a random one, anew at each start
ALLOWED_HOSTS            comma-separated; default localhost and 127.0.0.1
TARGET_SITE_ORM_DRIVER   psycopg2 (default) or psycopg
TARGET_SITE_CONNECTIONS  close (default: one per request), persistent, or pool (with TARGET_SITE_ORM_DRIVER=psycopg)
TARGET_SITE_POOL_SIZE    connections in a pool; default 10
TARGET_SITE_POOL_WAIT_S  how long a request waits for one of them; default 10
TARGET_SITE_MIDDLEWARE   none (default), default (Django's seven), or default+sync (and one that is sync only)
TARGET_SITE_ACCESS_LOG   off (default) silences the server's where it logs through Python; on lets it be
TARGET_SITE_INTERFACE    wsgi or asgi, set by the entry points: which variant a route's own path stands for
"""

import os

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from target_site.config import ACCESS_LOGS, FACTORS
from target_site.database.orm_driver import choose_orm_driver

DEBUG = False
SECRET_KEY = os.environ.get("SECRET_KEY") or get_random_secret_key()
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

ROOT_URLCONF = "target_site.root_urls"
WSGI_APPLICATION = "target_site.wsgi.application"
ASGI_APPLICATION = "target_site.asgi.application"

INSTALLED_APPS = ["target_site"]
MIDDLEWARE = ["target_site.problems.ProblemMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

if FACTORS.middleware != "none":
    # As "django-admin startproject" has them.
    INSTALLED_APPS += [f"django.contrib.{app}" for app in ("auth", "contenttypes", "sessions", "messages")]
    MIDDLEWARE = [
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
        *MIDDLEWARE,
    ]
if FACTORS.middleware == "default+sync":
    MIDDLEWARE.insert(0, "target_site.sync_middleware.header_middleware")

choose_orm_driver(FACTORS.orm_driver)
# Read by libpq, under psycopg2 and psycopg: the session begins in UTC, and Django need not ask for it in a query.
os.environ["PGTZ"] = "UTC"

_database_url = os.environ.get("DATABASE_URL") or "postgresql://127.0.0.1:5432/target_site"
try:
    DATABASES = {"default": dj_database_url.parse(_database_url)}
except (ValueError, dj_database_url.ParseError):
    raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:port/name") from None
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured(
        "DATABASE_URL must name a PostgreSQL database: postgresql://user:password@host:port/name"
    )
# A connection per request is Django's default, and what the published comparisons are about.
DATABASES["default"]["CONN_MAX_AGE"] = None if FACTORS.connections == "persistent" else 0
if FACTORS.connections == "pool":
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 0,
        "max_size": FACTORS.pool_size,
        "timeout": FACTORS.pool_wait_s,
    }

CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": FACTORS.redis_url}}

CSRF_FAILURE_VIEW = "target_site.problems.csrf_failure"

USE_TZ = True
TIME_ZONE = "UTC"

DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
# No route takes a file: what is sent as one is dropped. The entry points bound the whole body by the limit above.
FILE_UPLOAD_HANDLERS: list[str] = []

# A line for each failed request would cost the server more than the request; the answer names the exception.
_SILENT = {"handlers": [], "level": "CRITICAL", "propagate": False}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {
        "django.request": _SILENT,
        **(dict.fromkeys(ACCESS_LOGS, _SILENT) if FACTORS.access_log == "off" else {}),
    },
}
