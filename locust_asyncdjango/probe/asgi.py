"""The ASGI application that the lab names to servers: the project's own, wrapped."""

from .application import make_asgi_application

application = make_asgi_application()
