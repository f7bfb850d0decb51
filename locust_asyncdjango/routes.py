"""The routes of the target site, as a client sees them."""

from dataclasses import dataclass

NATURAL = ("sync", "async")
"""Names that every route knows: a variant's, or an alias of one."""
FORM = {"title": "A post", "content": "Made by a load test. " * 5}
"""What is posted to routes that create a post."""


@dataclass(frozen=True, slots=True)
class Route:
    """A kind of work: how to ask for it, what a good answer's status is, and the variants on either side."""

    name: str
    method: str
    expected_status: int
    sync_variants: tuple[str, ...]
    async_variants: tuple[str, ...]

    @property
    def path(self) -> str:
        """The natural variant's path, which suits the interface it runs on (WSGI: sync, ASGI: async)."""
        return f"/{self.name}/"

    def variants(self, interface: str) -> tuple[str, ...]:
        """The variants that an interface (wsgi or asgi) runs without a bridge."""
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
