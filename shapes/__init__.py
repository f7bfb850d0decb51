"""The library's load shapes, chosen with ``--shape NAME``.

Every shape here is abstract to Locust, so that importing one into a locustfile does not start it by itself. To fix one
in a locustfile, derive from it: ``class Load(RampTo500): pass``.
"""

from .ramp import RampTo500

__all__ = ["RampTo500"]
