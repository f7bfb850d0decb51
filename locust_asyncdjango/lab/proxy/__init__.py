"""A TCP proxy that adds latency, jitter, bandwidth limits and resets."""
