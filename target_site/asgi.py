"""ASGI entry point: ``uvicorn target_site.asgi:application``."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "target_site.settings")
os.environ["TARGET_SITE_INTERFACE"] = "asgi"

# The imports below need Django to be set up.
_django = get_asgi_application()

from django.conf import settings  # noqa: E402

from target_site.entry import with_lifespan, with_limits  # noqa: E402

application = with_lifespan(with_limits(_django, settings.DATA_UPLOAD_MAX_MEMORY_SIZE))
