"""One module per command of ``locust-asyncdjango``."""
