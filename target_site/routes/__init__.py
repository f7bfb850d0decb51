"""One module per route, its variants side by side; ROUTES is the table of them all."""

from . import cached, cpu, external, io_create, io_read, list_detail, orm_get, orm_post, template
from .route import Route

ROUTES: tuple[Route, ...] = tuple(
    module.ROUTE for module in (template, orm_get, orm_post, cached, list_detail, cpu, io_create, io_read, external)
)
