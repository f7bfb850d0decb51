"""The configuration of the site: an environment variable for each field, checked at the start."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from target_site.config import SiteConfig


def test_the_defaults() -> None:
    expected = SiteConfig(
        interface="wsgi",
        orm_driver="psycopg2",
        connections="close",
        pool_size=10,
        pool_wait_s=10,
        middleware="none",
        access_log="off",
        redis_url="redis://127.0.0.1:6379/0",
        slow_api_url="http://127.0.0.1:5000",
    )
    assert SiteConfig.from_env({}) == SiteConfig.from_env({"REDIS_URL": "", "TARGET_SITE_POOL_SIZE": ""}) == expected


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("TARGET_SITE_INTERFACE", "cgi", "TARGET_SITE_INTERFACE must be wsgi or asgi"),
        ("TARGET_SITE_ORM_DRIVER", "asyncpg", "TARGET_SITE_ORM_DRIVER must be psycopg2 or psycopg"),
        ("TARGET_SITE_CONNECTIONS", "keep", "TARGET_SITE_CONNECTIONS must be close, persistent or pool"),
        ("TARGET_SITE_CONNECTIONS", "pool", "TARGET_SITE_CONNECTIONS=pool needs TARGET_SITE_ORM_DRIVER=psycopg"),
        ("TARGET_SITE_POOL_SIZE", "0", "TARGET_SITE_POOL_SIZE must be a whole number from 1 to 1000"),
        ("TARGET_SITE_POOL_SIZE", "9" * 5000, "TARGET_SITE_POOL_SIZE must be a whole number from 1 to 1000"),
        ("TARGET_SITE_POOL_WAIT_S", "1.5", "TARGET_SITE_POOL_WAIT_S must be a whole number from 1 to 25"),
        ("TARGET_SITE_MIDDLEWARE", "all", r"TARGET_SITE_MIDDLEWARE must be none, default or default\+sync"),
        ("REDIS_URL", "localhost", "REDIS_URL must look like redis://127.0.0.1:6379/0"),
        ("REDIS_URL", "redis://127.0.0.1:abc/0", "REDIS_URL must look like redis://127.0.0.1:6379/0"),
        ("SLOW_API_URL", "http://", "SLOW_API_URL must look like http://127.0.0.1:5000"),
        ("SLOW_API_URL", "http://127.0.0.1:99999", "SLOW_API_URL must look like http://127.0.0.1:5000"),
        ("TARGET_SITE_POOLSIZE", "5", "there is no TARGET_SITE_POOLSIZE; choose from TARGET_SITE_INTERFACE, "),
        ("SLOW_API_URL", "localhost:5000", "SLOW_API_URL must look like http://127.0.0.1:5000"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_the_right_ones(variable: str, value: str, message: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=message):
        SiteConfig.from_env({variable: value})
