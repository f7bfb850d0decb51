"""What one request did, and the sums over all requests of the process."""
