"""Creates one post by a Django form, which validates and saves it: one query.

locust -f examples/orm_post.py --shape RampTo500 --headless -H http://127.0.0.1:8000
"""

from locust_asyncdjango import OrmPostUser

__all__ = ["OrmPostUser"]
