"""What a Django project is, from its own settings: for the preflight page of a server, and for ``ask``."""
