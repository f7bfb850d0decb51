"""Reads the first posts and the count of all: two queries.

locust -f examples/io_read.py --shape RampTo500 --headless -H http://127.0.0.1:8000
"""

from locust_asyncdjango import IoReadUser

__all__ = ["IoReadUser"]
