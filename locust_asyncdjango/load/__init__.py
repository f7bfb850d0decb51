"""Make load: choose a shape by name, dispatch users to workers, and make the requests of an open model due."""
