"""Databases, caches and mail server, without passwords."""

from types import SimpleNamespace
from typing import Any

import pytest

from locust_asyncdjango.probe.project.services import (
    _describe_database,
    describe_caches,
    describe_mailers,
    without_password,
)


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("redis://user:secret@127.0.0.1:6379/1?password=secret#secret", "redis://127.0.0.1:6379/1"),
        ("unix:///run/redis.sock", "unix:///run/redis.sock"),
        ("127.0.0.1:11211", "127.0.0.1:11211"),
        ("my-cache", "my-cache"),
        ("redis://[broken", "..."),
    ],
)
def test_an_address_without_its_password(url: str, safe: str) -> None:
    assert without_password(url) == safe


@pytest.mark.parametrize(
    ("pool", "described"),
    [(None, None), (False, None), (True, {}), ({"max_size": 5, "kwargs": {"password": "s"}}, {"max_size": 5})],
)
def test_a_database(pool: Any, described: Any) -> None:
    database = {"ENGINE": "e", "HOST": "", "PORT": 5432, "NAME": "n", "PASSWORD": "secret", "CONN_MAX_AGE": 60}
    assert _describe_database({**database, "OPTIONS": {"pool": pool, "host": "/run"}}) == {
        "engine": "e",
        "host": "/run",
        "port": "5432",
        "name": "n",
        "conn_max_age": 60,
        "conn_health_checks": False,
        "atomic_requests": False,
        "pool": described,
        "tls": [],
        "option_files": [],
    }


def test_caches_and_mail() -> None:
    settings = SimpleNamespace(
        CACHES={
            "default": {"BACKEND": "redis", "LOCATION": ["redis://:secret@a:1", "redis://:secret@b:2"]},
            "local": {"BACKEND": "locmem"},
        },
        EMAIL_BACKEND="smtp",
        EMAIL_HOST="mail",
        EMAIL_PORT=25,
        EMAIL_HOST_PASSWORD="secret",
    )
    assert describe_caches(settings) == {
        "default": {"backend": "redis", "locations": ["redis://a:1", "redis://b:2"]},
        "local": {"backend": "locmem", "locations": []},
    }
    assert describe_mailers(settings) == {"": {"backend": "smtp", "host": "mail", "port": 25}}


def test_mailers_have_their_aliases() -> None:
    smtp = "django.core.mail.backends.smtp.EmailBackend"
    settings = SimpleNamespace(
        MAILERS={
            "default": {"BACKEND": smtp, "OPTIONS": {"host": "mail", "port": 587, "password": "secret"}},
            "local": {},
        }
    )
    assert describe_mailers(settings) == {
        "default": {"backend": smtp, "host": "mail", "port": 587},
        "local": {"backend": smtp, "host": "localhost", "port": 25},
    }
    assert describe_mailers(SimpleNamespace(MAILERS={})) == {}
