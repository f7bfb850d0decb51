"""Turn answers and exceptions into failure kinds."""
