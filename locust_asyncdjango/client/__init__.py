"""FastUser: Locust's FastHttpUser at a fraction of its cost. Start reading at session.py.

To import a module of this folder registers nothing. ``locust_asyncdjango.FastUser`` is the documented way to FastUser:
it registers the plugin as well.
"""
