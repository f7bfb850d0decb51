"""What an experiment's results say."""
