"""The library's load shapes, chosen with ``--shape NAME``.

Every shape here is abstract to Locust, so that importing one into a locustfile does not start it by itself. To fix one
in a locustfile, derive from it: ``class Load(RampTo500): pass``. A file of this folder that Locust is given beside a
locustfile (``-f mine.py,shapes/spike.py``) runs.
"""

from .arrival_rate import ArrivalRate
from .breakpoint import Breakpoint
from .parameters import Milliseconds, ParameterError, Parametrised, Plan, Seconds, Share, Stage
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
"""Those that can be chosen by name."""

__all__ = [
    "CATALOGUE",
    "ArrivalRate",
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
