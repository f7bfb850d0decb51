"""Failures as short JSON problems (RFC 9457). A project of your own needs ProblemMiddleware only.

A problem names the exception, so that a load generator can tell what failed. It never contains settings, SQL, rows or a
traceback. Start reading in middleware.py; exception_details.py decides what a client learns about an exception,
database_errors.py what it learns about a database's.
"""

from .middleware import ProblemMiddleware as ProblemMiddleware
from .response import BadInputError as BadInputError
from .response import problem_response as problem_response
