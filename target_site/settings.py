"""The site's Django settings. Environment variables change them; the defaults are safe.

DATABASE_URL             postgresql://user:password@host:port/name
REDIS_URL                redis://host:port/db; default redis://127.0.0.1:6379/0
SLOW_API_URL             address of target_site.slow_api; default http://127.0.0.1:5000
SECRET_KEY               Django's; default: a random one, new at each start
ALLOWED_HOSTS            comma-separated; default localhost and 127.0.0.1
TARGET_SITE_ORM_DRIVER   psycopg2 (default) or psycopg
TARGET_SITE_CONNECTIONS  close (default: one per request), persistent, or pool (needs TARGET_SITE_ORM_DRIVER=psycopg)
TARGET_SITE_POOL_SIZE    connections in a pool; default 10
TARGET_SITE_POOL_WAIT_S  seconds that a request waits for one of them; default 10
TARGET_SITE_MIDDLEWARE   none, default (those of a new project), or default+sync (and a sync-only one); without it
                         DEFAULT_MIDDLEWARE of config.py
TARGET_SITE_ACCESS_LOG   off (default) turns off the server's log of requests, if it uses Python's logging; or on
TARGET_SITE_INTERFACE    wsgi or asgi, set by wsgi.py and asgi.py: which variant a route's own path requests
"""

import os

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from target_site.config import ACCESS_LOGS, CONFIG
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

if CONFIG.middleware != "none":
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
if CONFIG.middleware == "default+sync":
    MIDDLEWARE.insert(0, "target_site.sync_middleware.header_middleware")

choose_orm_driver(CONFIG.orm_driver)
# libpq reads PGTZ, for psycopg2 and psycopg: sessions start in UTC, and Django needs no query to set the time zone.
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
# A connection per request is Django's default, and the published comparisons use it.
DATABASES["default"]["CONN_MAX_AGE"] = None if CONFIG.connections == "persistent" else 0
if CONFIG.connections == "pool":
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = {
        "min_size": 0,
        "max_size": CONFIG.pool_size,
        "timeout": CONFIG.pool_wait_s,
    }

CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CONFIG.redis_url}}

# What `check --deploy` asks for and a site without HTTPS cannot have. Where you serve it with HTTPS, remove a line and
# set what it names.
SILENCED_SYSTEM_CHECKS = [
    "security.W004",  # SECURE_HSTS_SECONDS: browsers would refuse to open anything on this host without HTTPS
    "security.W008",  # SECURE_SSL_REDIRECT: each response would lead to an address at which nothing listens
    "security.W012",  # SESSION_COOKIE_SECURE: browsers would not send the cookie of a session
    "security.W016",  # CSRF_COOKIE_SECURE: browsers would not send the cookie, and no form could be sent
]

CSRF_FAILURE_VIEW = "target_site.problems.error_views.csrf_failure"

USE_TZ = True
TIME_ZONE = "UTC"

DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100
# No route takes a file, so files are dropped. asgi.py and wsgi.py apply the limit above to the whole body.
FILE_UPLOAD_HANDLERS: list[str] = []

# A log line for each failed request would cost the server more than the request. The response names the exception.
_SILENT = {"handlers": [], "level": "CRITICAL", "propagate": False}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {
        "django.request": _SILENT,
        **(dict.fromkeys(ACCESS_LOGS, _SILENT) if CONFIG.access_log == "off" else {}),
    },
}
