"""The charts of the details of an experiment's report."""
