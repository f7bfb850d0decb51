"""Which trials run, in which order, and which confirm the capacity of an arm."""
