"""A user's own Django project, as its ``asyncdjango.toml`` describes it. Start reading at ``project_file``."""
