"""A short ramp, for a first look."""

from locust_asyncdjango.shapes.parameters import Seconds
from locust_asyncdjango.shapes.ramp_to_500 import RampTo500


class RampTo100(RampTo500):
    """10 users, 10 more every second up to 100, 30 seconds in all."""

    abstract = bool(__package__)

    peak = 100
    rate = 10.0
    length = Seconds(30)
