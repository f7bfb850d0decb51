"""Reads one post by its key: one query.

locust -f examples/orm_get.py --shape RampTo500 --headless -H http://127.0.0.1:8000
"""

from locust_asyncdjango import OrmGetUser

__all__ = ["OrmGetUser"]
