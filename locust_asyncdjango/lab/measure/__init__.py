"""Run trials."""
