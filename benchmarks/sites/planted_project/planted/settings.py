"""The settings: a database, and no middleware, so that what a request takes is what is planted."""

import os

SECRET_KEY = "nothing is signed"  # noqa: S105
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "planted.urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": None,
        **{key: os.environ[f"DB_{key}"] for key in ("HOST", "PORT", "NAME", "USER", "PASSWORD")},
    }
}
