"""The addresses of services behind a proxy."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment import latency_proxy
from locust_asyncdjango.lab.errors import UsageError


@pytest.mark.parametrize(
    ("url", "upstream", "url_at_port_9"),
    [
        ("postgresql://u:p%40@db.example:5433/x", "db.example:5433", "postgresql://u:p%40@127.0.0.1:9/x"),
        (
            "postgres://u@[::1]/x?sslmode=require&host=/ignored",
            "[::1]:5432",
            "postgres://u@127.0.0.1:9/x?sslmode=require",
        ),
        ("postgresql://%2Fvar%2Frun/x", "unix:/var/run/.s.PGSQL.5432", "postgresql://127.0.0.1:9/x"),
        ("postgresql:///x?host=/tmp", "unix:/tmp/.s.PGSQL.5432", "postgresql://127.0.0.1:9/x"),
        ("redis://:secret@127.0.0.1/3", "127.0.0.1:6379", "redis://:secret@127.0.0.1:9/3"),
        ("http://localhost:5000", "localhost:5000", "http://127.0.0.1:9"),
    ],
)
def test_a_url_through_a_proxy(url: str, upstream: str, url_at_port_9: str) -> None:
    assert (latency_proxy.upstream_address(url), latency_proxy.url_at_port(url, 9)) == (upstream, url_at_port_9)


def test_no_proxy_stands_before_a_certificate() -> None:
    with pytest.raises(UsageError, match="no latency can be added to rediss:// addresses"):
        latency_proxy.upstream_address("rediss://cache.example")


def test_without_latency_there_are_no_proxies(tmp_path: Path) -> None:
    urls = {"DATABASE_URL": "postgresql://db/x", "REDIS_URL": "rediss://cache"}
    with latency_proxy.services_with_latency(urls, 0, tmp_path) as env:
        assert env == urls
    assert list(tmp_path.iterdir()) == []
