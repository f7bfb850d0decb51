"""Hooks in Django and in HTTP clients that fill the record of a request. Installing them twice changes nothing."""

from . import database, exceptions, http_calls, views


def install_hooks() -> None:
    """Install all hooks. Call it once the project's application is imported, so that its own order of imports stays."""
    views.install()
    exceptions.install()
    database.install()
    http_calls.install()
