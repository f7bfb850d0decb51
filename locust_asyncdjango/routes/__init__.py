"""What is requested: the routes of the bundled site (table.py), and the views and logins of a project (views.py).

Users and the lab share it. It needs the standard library alone.
"""

from locust_asyncdjango.routes.table import FORM, NATURAL, ROUTES, Route
from locust_asyncdjango.routes.views import VIEWS_VARIABLE, Login, Pairs, View, ViewTask

__all__ = ["FORM", "NATURAL", "ROUTES", "VIEWS_VARIABLE", "Login", "Pairs", "Route", "View", "ViewTask"]
