"""Reads a list of 800 posts and one of them whole: two queries.

locust -f examples/list_detail.py --shape RampTo500 --headless -H http://127.0.0.1:8000
"""

from locust_asyncdjango import ListDetailUser

__all__ = ["ListDetailUser"]
