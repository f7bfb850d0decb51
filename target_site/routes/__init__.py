"""The routes: a module for each, which has its variants side by side. ROUTES is the table of all.

Start reading in route.py, then in orm_get.py. To add a route, write a module with a ROUTE, and add the module to the
table.
"""

from . import cached, cpu, external, io_create, io_read, list_detail, orm_get, orm_post, template
from .route import Route

ROUTES: tuple[Route, ...] = tuple(
    module.ROUTE for module in (template, orm_get, orm_post, cached, list_detail, cpu, io_create, io_read, external)
)
