"""Load shapes by name, and the arrivals of an open model."""
