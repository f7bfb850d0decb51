"""The Django site that is measured: each route is a kind of work, and its variants do that work in different ways.

Start reading in routes/: a file for each route. settings.py names the environment variables that change the site.
"""
