"""One module per route, its variants side by side; ROUTES is the table of them all."""

from . import cpu, io_create, io_read
from .route import Route

ROUTES: tuple[Route, ...] = (io_read.ROUTE, io_create.ROUTE, cpu.ROUTE)
