"""A short ramp, to try something out."""

from locust_asyncdjango.shapes.parameters import Seconds
from locust_asyncdjango.shapes.ramp_to_500 import RampTo500


class RampTo100(RampTo500):
    """Start 10 users, and 10 more every second up to 100; 30 seconds in all.

    The short form of RampTo500, to try something out.

    Parameters:
        peak: most users at once (100). ``-u`` overrides it.
        rate: users that start in a second (10). ``-r`` overrides it.
        length: seconds that the run takes in all (30). ``-t`` overrides it.

    Example: ``locust -f examples/io_read.py --shape RampTo100``
    """

    abstract = bool(__package__)

    peak = 100
    rate = 10.0
    length = Seconds(30)
