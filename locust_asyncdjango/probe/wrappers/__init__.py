"""The wrappers around the project's application: one for WSGI, one for ASGI."""
