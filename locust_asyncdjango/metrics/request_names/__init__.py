"""What is known of the requests with one name, such as "GET /posts/", in a second or in a run. See ``sums``."""
