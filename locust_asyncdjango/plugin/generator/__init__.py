"""What a Locust process finds out about itself while it makes the load."""
