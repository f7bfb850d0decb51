"""What changed between two experiments: ``Changes``, with an ``ArmChange`` for each arm."""

from dataclasses import dataclass

from locust_asyncdjango.lab.analysis.changes.change_stats import Change, CommonChange
from locust_asyncdjango.lab.analysis.changes.name_changes import NameChange

GOODPUT, PEAK, CAPACITY = "goodput", "peak", "capacity"
"""What is compared: successful responses a second on the plateau, or at the peak where a run of an earlier version
shows nothing else; and the users within the objective."""
NOTHING_IN_COMMON = CommonChange()
UNITS = {GOODPUT: "req/s", PEAK: "req/s", CAPACITY: "users"}


@dataclass(frozen=True, slots=True)
class ArmChange:
    """How a figure of an arm changed.

    before, after: the means, None if not measured. change: None if an arm was not measured or a run carried nothing.
    measure: which figure it is. invalid_reason: why nothing follows from the change, "" if something does.
    """

    arm: str
    before: float | None
    after: float | None
    change: Change | None
    measure: str = GOODPUT
    invalid_reason: str = ""

    @property
    def unit(self) -> str:
        """Return the unit of the figure."""
        return UNITS[self.measure]

    @property
    def is_gone(self) -> bool:
        """Return whether the arm carried something before, and is not measured or carries nothing in a run after."""
        if self.invalid_reason or self.before is None or self.change:
            return False
        return self.after is None or self.after < self.before

    @property
    def is_equal(self) -> bool:
        """Return whether runs before and after show no detectable difference."""
        return not self.invalid_reason and self.change is not None and not self.change.is_significant

    def is_less(self, tolerance: float) -> bool:
        """Return whether the arm carries less than before, beyond the tolerance and beyond noise.

        tolerance: the share of the former figure that may be lost. Where the machine became faster, an arm that carries
        as much as before has lost nothing.
        """
        if self.invalid_reason or not self.change:
            return False
        change = self.change
        return change.is_significant and change.ratio < 1 - tolerance and change.raw_ratio < 1

    def is_worse(self, tolerance: float) -> bool:
        """Return whether the arm carries less, as ``is_less`` defines it, or nothing any more."""
        return self.is_gone or self.is_less(tolerance)


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed between two experiments.

    setup: a sentence for each setting, version and machine property that differs. arms: one for each arm of both.
    missing: a sentence for each arm that is in one of them only. common: what all arms changed by together, and what of
    it was taken off. capacities: of the arms whose capacity is known in both. names: of the requests by name; they
    say where to look, and do not make an arm worse.
    """

    setup: tuple[str, ...]
    arms: tuple[ArmChange, ...]
    missing: tuple[str, ...]
    common: CommonChange = NOTHING_IN_COMMON
    capacities: tuple[ArmChange, ...] = ()
    names: tuple[NameChange, ...] = ()

    def is_worse(self, tolerance: float) -> bool:
        """Return whether a figure of an arm is worse. tolerance: the share that may be lost."""
        return any(change.is_worse(tolerance) for change in (*self.arms, *self.capacities))
