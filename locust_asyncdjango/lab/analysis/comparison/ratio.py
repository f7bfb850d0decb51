"""How many times as good one arm is as another."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RatioEstimate:
    """How many times as good one arm is as another, with its interval; low and high are None without one."""

    ratio: float
    low: float | None
    high: float | None

    @property
    def is_different(self) -> bool | None:
        """Return whether the interval lies on one side of 1, or ends there; None without an interval."""
        if self.low is None or self.high is None:
            return None
        return self.ratio != 1 and not self.low < 1 < self.high

    def reversed(self) -> "RatioEstimate":
        """Return how many times as good the other arm is."""
        low = None if self.high is None else 1 / self.high
        return RatioEstimate(1 / self.ratio, low, None if self.low is None else 1 / self.low)
