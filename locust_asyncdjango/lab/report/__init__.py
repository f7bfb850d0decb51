"""Reports and tables made from results."""
