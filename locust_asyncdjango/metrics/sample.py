"""One finished request, in the form everything after the client reads."""

Sample = tuple[float, str, float | None, int]
"""When it ended (epoch seconds), failure kind ("" for a success), milliseconds that it took or None, bytes of body.

A plain tuple: one is made for each request, and a class of our own takes three times as long to make.
"""
