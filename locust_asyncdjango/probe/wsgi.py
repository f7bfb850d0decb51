"""The WSGI application that the lab names to servers: the project's own, wrapped."""

from .application import make_wsgi_application

application = make_wsgi_application()
