"""What the site reports about itself, to people (``/``) and to programs (``/routes.json``)."""
