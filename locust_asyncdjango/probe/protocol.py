"""The names that the lab and a server's process have in common: an environment variable, a header, and paths.

The bundled site imports nothing of ours, so it repeats the names in ``target_site/site_info/access.py``.
"""

TOKEN_VARIABLE = "LOCUST_ASYNCDJANGO_TOKEN"  # noqa: S105 - a name, not a token
"""The environment variable that gives a server the token of its start."""
TOKEN_HEADER = "X-Locust-Asyncdjango-Token"  # noqa: S105 - a name, not a token
"""The header in which the lab sends the token."""
PREFLIGHT_PATH = "/preflight.json"
SLOTS_PATH = "/slots/"
