"""The commands of ``locust-asyncdjango``, a module each. Its ``COMMAND`` names its arguments and what executes it.

``arguments.py`` has what they share, and ``progress.py`` what ``run`` shows while it measures.
"""
