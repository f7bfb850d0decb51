"""User classes: one per route of the bundled site."""
