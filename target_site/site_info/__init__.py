"""What the site reports about itself, to people (``/``), to programs (``/routes.json``) and to the lab (preflight)."""
