"""The target site's settings with a mistake in them."""

import os

from target_site.settings import *  # noqa: F403

if os.environ["PLANTED"] == "pool":
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = True  # noqa: F405
else:
    DEBUG = True
