"""Has one Django form validated and saved: one query.

locust -f examples/orm_post.py --shape RampTo500 --headless -H http://127.0.0.1:8000
"""

from locust_asyncdjango import OrmPostUser

__all__ = ["OrmPostUser"]
