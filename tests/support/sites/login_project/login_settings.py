"""Settings of a small project with logins. The environment says how strict it is about cookies and https."""

import os
import secrets
from pathlib import Path

FOLDER = Path(__file__).parent
STRICT = os.environ.get("LOGIN_PROJECT", "")
"""Which settings differ from Django's own: "" for none, "sessions" or "https"."""

SECRET_KEY = os.environ.get("LOGIN_PROJECT_KEY") or secrets.token_hex()
ALLOWED_HOSTS = ["127.0.0.1", "example.com"]
ROOT_URLCONF = "login_urls"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": FOLDER / "db.sqlite3"}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [FOLDER / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # the tests do not wait for it
USE_TZ = True

CSRF_USE_SESSIONS = STRICT == "sessions"
CSRF_COOKIE_HTTPONLY = STRICT == "https"
if STRICT == "https":
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
