"""The routes of the bundled site: method, expected status and variants of each. Users and the lab share this table."""

from dataclasses import dataclass

NATURAL = ("sync", "async")
"""Variants that every route knows, be it as another name of one of its own."""
FORM = {"title": "A post", "content": "Made by a load test. " * 5}
"""The form that is sent to routes that create a post."""


@dataclass(frozen=True, slots=True)
class Route:
    """How to request a route, the status of a success, and the variants that suit WSGI and those that suit ASGI."""

    name: str
    method: str
    expected_status: int
    sync_variants: tuple[str, ...]
    async_variants: tuple[str, ...]

    @property
    def path(self) -> str:
        """The path of the variant that is natural to the interface it runs on: ``sync`` on WSGI, ``async`` on ASGI."""
        return f"/{self.name}/"

    def variants(self, interface: str) -> tuple[str, ...]:
        """Return the variants that an interface, "wsgi" or "asgi", runs without a bridge between sync and async."""
        return self.async_variants if interface == "asgi" else self.sync_variants


ROUTES = {
    route.name: route
    for route in (
        Route("template", "GET", 200, ("sync", "class_sync"), ("async", "class_async")),
        Route(
            "orm_get",
            "GET",
            200,
            ("sync", "psycopg2", "psycopg"),
            ("async", "sync_to_async", "psycopg_async", "asyncpg"),
        ),
        Route("orm_post", "POST", 201, ("sync",), ("async", "sync_to_async")),
        Route(
            "cached",
            "GET",
            200,
            ("sync", "django_sync"),
            ("async", "aioredis", "sync_to_async", "django_async"),
        ),
        Route(
            "list_detail",
            "GET",
            200,
            ("psycopg2", "psycopg2_pool", "psycopg", "psycopg_pool"),
            (
                "psycopg_async",
                "psycopg_async_pool",
                "asyncpg",
                "asyncpg_pool",
                "asyncpg_in_turn",
                "asyncpg_in_turn_pool",
            ),
        ),
        Route("cpu", "GET", 200, ("sync",), ("async",)),
        Route("io_create", "POST", 201, ("sync", "psycopg2"), ("async", "sync_to_async", "asyncpg")),
        Route("io_read", "GET", 200, ("sync", "psycopg2"), ("async", "sync_to_async", "asyncpg")),
        Route(
            "external",
            "GET",
            200,
            ("sync", "sync_new_client", "threads", "threads_new_client", "gevent", "gevent_new_client"),
            ("async", "async_new_client"),
        ),
    )
}
