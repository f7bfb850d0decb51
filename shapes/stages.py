"""Any plan: the user writes its stages."""

from collections.abc import Iterator
from typing import Any

from locust_asyncdjango.shapes.parameters import Plan, Stage
from locust_asyncdjango.shapes.planned import Planned


class Stages(Planned):
    """Run through the stages of ``plan``: each is a length and the users at its end, as in 30s:100/1m:100/10s:0.

    Within a stage the users move evenly from the level before to its own. A stage of 0 seconds is a jump.

    Parameters:
        plan: lengths and users, separated by slashes (30s:100/60s:100/10s:20/30s:20). ``-u`` scales all levels, so that
            the highest has as many users. ``-r`` has no effect. ``-t`` overrides the length of the whole run.

    Example: ``locust -f examples/io_read.py --shape Stages:plan=30s:100/1m:100/10s:0``
    """

    abstract = bool(__package__)

    plan: Plan = (Stage(30, 100), Stage(60, 100), Stage(10, 20), Stage(30, 20))

    @property
    def peak(self) -> int:  # type: ignore[override]
        """The highest level of the plan, in users."""
        return int(max(level for _, level in self.plan))

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:  # noqa: ARG002
        """Yield the stages of the plan, scaled to the peak."""
        scale = peak / self.peak
        return (Stage(seconds, level * scale) for seconds, level in self.plan)

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """Return the only parameter, the plan: peak and rate follow from it."""
        return {"plan": Plan}
