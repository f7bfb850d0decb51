"""The only subscriber to Locust's events.

Importing the user classes imports it. For a locustfile with stock users only, one line does::

    import locust_asyncdjango.plugin
"""

from locust_asyncdjango.plugin.run import register

__all__ = ["register"]

register()
