"""FastUser: Locust's FastHttpUser at a fraction of its cost. Start reading at session.py.

Importing a module of this folder registers nothing. The documented way to FastUser is ``locust_asyncdjango.FastUser``,
which registers the plugin as well.
"""
