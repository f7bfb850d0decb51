"""A small project of another team: nothing of it knows the probe. Tests copy it into a folder of their own."""
