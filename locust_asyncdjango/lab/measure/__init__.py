"""Run trials. Start reading in runner.py."""
