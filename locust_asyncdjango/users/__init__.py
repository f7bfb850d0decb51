"""User classes that are ready to run: one for each route of the bundled site (route_users.py)."""
