"""Sentences of the reports about one matter each."""
