"""Locustfiles to start from. ``locust-asyncdjango list`` prints the folder that they are installed in."""
