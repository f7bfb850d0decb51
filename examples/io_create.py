"""Creates one post from a form: one query.

locust -f examples/io_create.py --shape RampTo500 --headless -H http://127.0.0.1:8000
"""

from locust_asyncdjango import IoCreateUser

__all__ = ["IoCreateUser"]
