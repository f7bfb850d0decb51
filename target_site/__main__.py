"""Run a management command of Django: ``python -m target_site COMMAND`` is this site's manage.py."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "target_site.settings")
sys.argv[0] = "python -m target_site"
try:
    settings.DATABASES  # noqa: B018 - loads the settings, so that a wrong environment variable gives one line
except ImproperlyConfigured as error:
    sys.stderr.write(f"CommandError: {error}\n")
    sys.exit(2)
execute_from_command_line(sys.argv)
