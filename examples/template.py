"""Requests a page that Django's templates render: no query.

locust -f examples/template.py --shape RampTo500 --headless -H http://127.0.0.1:8000
"""

from locust_asyncdjango import TemplateUser

__all__ = ["TemplateUser"]
