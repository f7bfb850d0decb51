"""Django's configuration of the app ``target_site``, for this site and for a project of your own that installs it."""

from django.apps import AppConfig
from django.db import connections

from target_site.database.greenlets import let_psycopg2_yield
from target_site.resources import REGISTRY


class TargetSiteConfig(AppConfig):
    """An app with one model, Post, and the routes that read and write it."""

    name = "target_site"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Let psycopg2 yield to gevent, and close the ORM's connection pool when the process ends, if there is one."""
        let_psycopg2_yield()
        for database in connections.all():
            if database.settings_dict["OPTIONS"].get("pool"):
                # Only PostgreSQL's backend has pools, and its method.
                REGISTRY.add_close_function(getattr(database, "close_pool"))  # noqa: B009
