"""Locustfiles to start from. ``locust-asyncdjango list`` says where they are installed."""
