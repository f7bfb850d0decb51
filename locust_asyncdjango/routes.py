"""The routes of the target site, as a client sees them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Route:
    """A kind of work: how to ask for it and what a good answer's status is."""

    name: str
    method: str
    expected_status: int

    @property
    def path(self) -> str:
        """The natural variant's path, which suits the interface it runs on (WSGI: sync, ASGI: async)."""
        return f"/{self.name}/"

    def variant_path(self, variant: str) -> str:
        """The path of one variant; of the natural one for ""."""
        return f"{self.path}{variant}/" if variant else self.path


ROUTES = {
    route.name: route
    for route in (
        Route("io_read", "GET", 200),
        Route("io_create", "POST", 201),
        Route("cpu", "GET", 200),
    )
}
