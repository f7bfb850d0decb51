"""What runs inside the server's process and measures it from there, and the names that it shares with the lab.

It stands by itself: a server imports it as ``asyncdjango_probe`` from a folder that holds nothing else. It needs the
standard library of Python 3.10 or newer and, where it measures, the project's own Django.
"""
