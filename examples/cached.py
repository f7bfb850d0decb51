"""Requests a response out of Redis: no query.

locust -f examples/cached.py --shape RampTo500 --headless -H http://127.0.0.1:8000
"""

from locust_asyncdjango import CachedUser

__all__ = ["CachedUser"]
