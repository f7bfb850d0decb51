"""A project whose views take a known time. project_verdicts.py measures copies of it."""
