"""Its settings: a database in a file, and one that refuses all connections."""

import os
from pathlib import Path
from typing import Any

SECRET_KEY = "not a secret"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "shop.urls"
WSGI_APPLICATION = "shop.wsgi.application"
INSTALLED_APPS = ["shop"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "shop.middleware.GuardMiddleware",
    "shop.middleware.AnsweringMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "DIRS": [], "APP_DIRS": False}]
DATABASES: dict[str, Any] = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(Path(__file__).parents[1] / "shop.sqlite3"),
        # An in-memory file would be another one in each thread.
        "OPTIONS": {"timeout": 5},
    },
    "refused": {
        "ENGINE": "django.db.backends.postgresql",
        "HOST": "127.0.0.1",
        "PORT": os.environ.get("REFUSING_PORT", "1"),
        "NAME": "shop",
        "USER": "shop",
        "PASSWORD": "pa55word",
        "OPTIONS": {"sslmode": "disable", "gssencmode": "disable"},
    },
}
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": "redis://user:pa55word@127.0.0.1:6379/1",
    }
}
EMAIL_HOST, EMAIL_PORT, EMAIL_HOST_PASSWORD = "127.0.0.1", 2525, "pa55word"
LOGGING = {"version": 1, "disable_existing_loggers": True}
USE_TZ = True
