"""What made requests fail, where their responses do not say it."""
