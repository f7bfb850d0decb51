"""The commands of ``locust-asyncdjango``: a module for each, whose ``COMMAND`` has its arguments and its function.

``arguments.py`` has the code that they share, and ``progress.py`` shows the progress of ``run``.
"""
