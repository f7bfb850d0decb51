"""One finished request, in the form everything after the client reads."""

Sample = tuple[float, str, str, float, int, int]
"""When (epoch seconds at its end), name, failure kind ("" for a success), milliseconds, bytes of body, users.

A plain tuple: one is made for each request, and a class of our own takes three times as long to make.
"""
