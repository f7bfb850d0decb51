"""What trials measure: the bundled site (bundled.py), or a user's own project (project.py)."""
