"""The same load for long: what leaks, fills up or wears out?"""

from locust_asyncdjango.shapes.parameters import Seconds
from locust_asyncdjango.shapes.ramp import Ramp


class Soak(Ramp):
    """``rate`` users more every second up to ``peak``, which stay for ``hold``: an hour."""

    abstract = bool(__package__)

    peak = 50
    rate = 5.0
    hold = Seconds(3600)
