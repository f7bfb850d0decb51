"""The pages of the probe: what the process runs, its slots, and its figures."""
