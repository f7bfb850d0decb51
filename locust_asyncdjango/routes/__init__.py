"""What is requested: the routes of the bundled site (table.py), and the views and logins of a project (views.py).

Users and the lab share it. It needs the standard library alone.
"""

from locust_asyncdjango.routes.table import FORM, NATURAL, ROUTES, Route
from locust_asyncdjango.routes.views import Login, Pairs, View

__all__ = ["FORM", "NATURAL", "ROUTES", "Login", "Pairs", "Route", "View"]
