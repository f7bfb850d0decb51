"""The same load for a long time: what leaks, fills up or wears out?"""

from locust_asyncdjango.shapes.parameters import Seconds
from locust_asyncdjango.shapes.ramp import Ramp


class Soak(Ramp):
    """Start ``rate`` users a second up to ``peak``, and keep them for ``hold``: an hour.

    Answers what leaks, fills up or wears out under a moderate load.

    Parameters:
        peak: most users at once (50). ``-u`` overrides it.
        rate: users that start in a second (5). ``-r`` overrides it.
        hold: seconds for which all users stay (3600). ``-t`` overrides the length of the whole run.

    Example: ``locust -f examples/io_read.py --shape Soak:peak=80,hold=8h``
    """

    abstract = bool(__package__)

    peak = 50
    rate = 5.0
    hold = Seconds(3600)
