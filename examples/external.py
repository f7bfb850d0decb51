"""Requests what the server has to get from a slow API: three calls, no query.

locust -f examples/external.py --shape RampTo500 --headless -H http://127.0.0.1:8000
"""

from locust_asyncdjango import ExternalUser

__all__ = ["ExternalUser"]
