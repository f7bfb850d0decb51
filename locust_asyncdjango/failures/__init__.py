"""Turn responses and exceptions into failure kinds. Start reading in classify.py."""
