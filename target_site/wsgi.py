"""WSGI entry point: ``gunicorn target_site.wsgi``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "target_site.settings")
os.environ["TARGET_SITE_INTERFACE"] = "wsgi"

# The imports below need Django to be set up.
_django = get_wsgi_application()

from django.conf import settings  # noqa: E402

from target_site.entry import with_wsgi_limits  # noqa: E402

application = with_wsgi_limits(_django, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
