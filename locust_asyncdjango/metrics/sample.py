"""One finished request, in the form in which recorders read it."""

Sample = tuple[float, str, float | None, int]
"""When the request ended (epoch seconds), its failure kind ("" for a success), the milliseconds that it took (None
where they are not known), and the bytes of the response's body.

It is a plain tuple because one is made for each request: an instance of a class takes three times as long to make.
"""
