"""The target site's settings with a mistake, which the environment variable PLANTED chooses."""

import os

from target_site.settings import *  # noqa: F403

if os.environ["PLANTED"] == "pool":
    DATABASES["default"].setdefault("OPTIONS", {})["pool"] = True  # noqa: F405
else:
    DEBUG = True
