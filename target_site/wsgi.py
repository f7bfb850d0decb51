"""WSGI entry point: ``gunicorn target_site.wsgi``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "target_site.settings")
os.environ["TARGET_SITE_INTERFACE"] = "wsgi"

application = get_wsgi_application()
