"""Any plan at all: stages that the user names."""

from collections.abc import Iterator
from typing import Any

from locust_asyncdjango.shapes.parameters import Plan, Stage
from locust_asyncdjango.shapes.planned import Planned


class Stages(Planned):
    """``plan``: one stage after the other, each a length and the users at its end, as in 30s:100/1m:100/10s:0.
    With ``-u`` all are scaled, so that the highest has so many.
    """

    abstract = bool(__package__)

    plan: Plan = (Stage(30, 100), Stage(60, 100), Stage(10, 20), Stage(30, 20))

    @property
    def peak(self) -> int:  # type: ignore[override]
        """The most users at once."""
        return int(max(level for _, level in self.plan))

    def stages(self, peak: int, rate: float) -> Iterator[Stage]:  # noqa: ARG002
        """As they were named."""
        scale = peak / self.peak
        return (Stage(seconds, level * scale) for seconds, level in self.plan)

    @classmethod
    def parameters(cls) -> dict[str, Any]:
        """Peak and rate are the plan's."""
        return {"plan": Plan}
