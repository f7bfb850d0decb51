"""The app, as a project of your own installs it."""

from django.apps import AppConfig
from django.db import connections

from target_site.shared import at_end


class TargetSiteConfig(AppConfig):
    """One model, and views on it."""

    name = "target_site"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Sees that the ORM's pool, where it has one, is closed when the process ends."""
        for database in connections.all():
            if database.settings_dict["OPTIONS"].get("pool"):
                at_end(getattr(database, "close_pool"))  # noqa: B009 - PostgreSQL's alone has one
