"""Settings, each from an environment variable, safe where it is not set.

DATABASE_URL            postgresql://user:password@host:port/name
REDIS_URL               redis://host:port/db; without it the cache is in the process's memory
SECRET_KEY              Django's; without it a random one, anew at each start
ALLOWED_HOSTS           comma-separated; default localhost and 127.0.0.1
TARGET_SITE_INTERFACE   wsgi or asgi, set by the entry points: which variant a route's own path stands for
"""

import os

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

DEBUG = False
SECRET_KEY = os.environ.get("SECRET_KEY") or get_random_secret_key()
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")

INTERFACE = os.environ.get("TARGET_SITE_INTERFACE", "wsgi")
if INTERFACE not in ("wsgi", "asgi"):
    raise ImproperlyConfigured("TARGET_SITE_INTERFACE must be wsgi or asgi")

ROOT_URLCONF = "target_site.urls"
WSGI_APPLICATION = "target_site.wsgi.application"
ASGI_APPLICATION = "target_site.asgi.application"

INSTALLED_APPS = ["target_site"]
MIDDLEWARE = ["target_site.problems.ProblemMiddleware"]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]

_database_url = os.environ.get("DATABASE_URL") or "postgresql://127.0.0.1:5432/target_site"
try:
    # A connection per request (CONN_MAX_AGE = 0) is Django's default, and what the comparison is about.
    DATABASES = {"default": dj_database_url.parse(_database_url)}
except (ValueError, dj_database_url.ParseError):
    raise ImproperlyConfigured("DATABASE_URL must look like postgresql://user:password@host:port/name") from None
if DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
    raise ImproperlyConfigured(
        "DATABASE_URL must name a PostgreSQL database: postgresql://user:password@host:port/name"
    )

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["REDIS_URL"]}
    if os.environ.get("REDIS_URL")
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

USE_TZ = True
TIME_ZONE = "UTC"

DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"console": {"class": "logging.StreamHandler"}},
    # A line for each failed request would cost the server more than the request; the answer names the exception.
    "loggers": {"django.request": {"handlers": ["console"], "level": "CRITICAL", "propagate": False}},
}
