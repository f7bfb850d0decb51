"""ASGI entry point: ``uvicorn target_site.asgi:application``."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "target_site.settings")
os.environ["TARGET_SITE_INTERFACE"] = "asgi"

application = get_asgi_application()
