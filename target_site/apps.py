"""The app, as a project of your own installs it."""

from django.apps import AppConfig
from django.db import connections

from target_site.resources import at_end
from target_site.site_info.server_info import let_psycopg2_yield


class TargetSiteConfig(AppConfig):
    """One model, and views on it."""

    name = "target_site"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Has psycopg2 wait as gevent wants it, and the ORM's pool, where there is one, closed at the end."""
        let_psycopg2_yield()
        for database in connections.all():
            if database.settings_dict["OPTIONS"].get("pool"):
                at_end(getattr(database, "close_pool"))  # noqa: B009 - PostgreSQL's alone has one
