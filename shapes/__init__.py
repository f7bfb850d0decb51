"""The catalogue of load shapes. Choose one with ``--shape NAME``; ``--shape list`` shows them all with a picture.

A shape says how many users there are at each time. ``help(Ramp)`` explains one of them; ``Planned`` is the base for a
shape of your own.

Every shape here is abstract for Locust, so that importing one into a locustfile does not start it. To use one in a
locustfile, derive from it: ``class Load(RampTo500): pass``. A file of this folder that is given to Locust next to a
locustfile (``-f mine.py,shapes/spike.py``) runs as it is.
"""

from .arrival_rate import ArrivalRate
from .breakpoint import Breakpoint
from .parameters import Arrivals, Milliseconds, ParameterError, Parametrised, Plan, Seconds, Share, Stage
from .planned import Planned
from .ramp import Ramp
from .ramp_down import RampDown
from .ramp_to_100 import RampTo100
from .ramp_to_500 import RampTo500
from .sawtooth import Sawtooth
from .soak import Soak
from .spike import Spike
from .stages import Stages
from .steps import Steps

CATALOGUE = (RampTo500, RampTo100, Ramp, Steps, Spike, Soak, RampDown, Sawtooth, Stages, ArrivalRate, Breakpoint)
"""The shapes that can be chosen by name."""

__all__ = [
    "CATALOGUE",
    "ArrivalRate",
    "Arrivals",
    "Breakpoint",
    "Milliseconds",
    "ParameterError",
    "Parametrised",
    "Plan",
    "Planned",
    "Ramp",
    "RampDown",
    "RampTo100",
    "RampTo500",
    "Sawtooth",
    "Seconds",
    "Share",
    "Soak",
    "Spike",
    "Stage",
    "Stages",
    "Steps",
]
