"""The target site's settings for tests of its error responses.

The environment variable PRESENTED says how an error is presented: problem, debug or bare.
"""

import os

from target_site.settings import *  # noqa: F403

ROOT_URLCONF = "cause_urls"
DEBUG = os.environ["PRESENTED"] == "debug"
if os.environ["PRESENTED"] != "problem":
    MIDDLEWARE.remove("target_site.problems.ProblemMiddleware")  # noqa: F405
