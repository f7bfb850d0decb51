"""How long the event loop was late, what blocked it, and how often requests went into threads."""
