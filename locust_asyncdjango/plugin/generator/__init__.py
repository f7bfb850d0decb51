"""What the plugin finds out about the load generator itself: its processes, their clocks, what they have in flight."""
