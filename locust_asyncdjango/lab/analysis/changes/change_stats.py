"""Statistics of unpaired runs: what changed from one experiment to another, for each arm, and how sure that is.

The two experiments ran at different times, so their runs are no pairs, and the machine may have been slower for one of
them. Start reading at ``estimate_changes``.

Definitions
    change of an arm: the difference of the means of the logarithms of its runs, after minus before.
    noise: the standard deviation of runs about the mean of their arm and experiment, by group: arms of one route share
        it. It is at least what chance makes of so few requests (Poisson). Without repeats in a group nothing shows it;
        ASSUMED_NOISE stands for it then.
    common change: what all arms changed by together. It is taken for the machine's, and taken off. From three arms on
        it is the median; of two arms it is the change of the one that fell less. With one arm there is none.
    speed: how much faster the processors ran after than before, as a logarithm, where that was measured. It limits the
        common change: what exceeds it by more than UNSEEN_SPEED is not the machine's. With one arm, a machine that was
        slower takes the place of the common change.
    interval: by Student's t. The arms share the error by Holm's method (``holm_errors``), so
        that in 95 of 100 comparisons without any change no interval lies on one side of 1.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, fsum, log, pi, sqrt
from statistics import NormalDist, fmean, median

from locust_asyncdjango.metrics.statistics import ERROR, holm_errors, normal_z, student_t, student_t_error

ASSUMED_NOISE = 0.1
"""The standard deviation of the logarithm of a run, where there are no repeats: twice as much as is usual."""
FEWEST_FOR_MEDIAN = 3
"""Fewer arms have no middle that one changed arm leaves as it was."""
UNSEEN_SPEED = 0.1
"""How much slower a machine may be, as a logarithm, without showing it in the speed of its processors."""


@dataclass(frozen=True, slots=True)
class Run:
    """What one run carried: a rate or another figure above 0, and from how many requests it is known."""

    value: float
    count: float


@dataclass(frozen=True, slots=True)
class Samples:
    """The runs of one arm before and after. group: arms of one group have the same noise."""

    group: str
    before: tuple[Run, ...]
    after: tuple[Run, ...]

    @property
    def is_comparable(self) -> bool:
        """Return whether there are runs of both, and each carried something: there is no ratio to nothing."""
        runs = (*self.before, *self.after)
        return bool(self.before and self.after) and min(run.value for run in runs) > 0

    @property
    def log_change(self) -> float:
        """Return the mean logarithm after minus that before."""
        return fmean(_logs(self.after)) - fmean(_logs(self.before))


@dataclass(frozen=True, slots=True)
class Change:
    """How many times as much an arm carried after as before.

    raw_ratio: as it was measured. ratio, low, high: after the common change was taken off, with the interval.
    is_assumed: whether the noise was assumed, because no arm of its group was repeated.
    """

    raw_ratio: float
    ratio: float
    low: float
    high: float
    is_assumed: bool

    @property
    def is_significant(self) -> bool:
        """Return whether the interval lies on one side of 1."""
        return not self.low <= 1 <= self.high


@dataclass(frozen=True, slots=True)
class CommonChange:
    """What was taken off each arm's change, as a ratio, and what the machine's own speed says about it.

    taken_off: 1 where nothing was. together: what all arms changed by together; 1 with a single arm. speed: how many
    times as fast the processors ran; None if unknown.
    """

    taken_off: float = 1.0
    together: float = 1.0
    speed: float | None = None


def estimate_changes(
    arms: Sequence[Samples], speed_ratio: float | None = None, error: float = ERROR
) -> tuple[list[Change | None], CommonChange]:
    """Return the change of each arm, None for one that is not comparable, and the change that was common to all.

    speed_ratio: how many times as fast the processors ran after as before; None if unknown. error: how often any
    interval may lie on one side of 1 although no arm changed.
    """
    compared = [arm for arm in arms if arm.is_comparable]
    if not compared:
        return [None] * len(arms), CommonChange(speed=speed_ratio)
    noises = {group: _noise([arm for arm in compared if arm.group == group]) for group in {a.group for a in compared}}
    raw = [arm.log_change for arm in compared]
    errors = [_standard_error(arm, noises[arm.group]) for arm in compared]
    together = _together(raw)
    taken_off = _machine_part(together, len(raw), None if speed_ratio is None else log(speed_ratio))
    spreads = _with_reference(errors, raw)
    remaining = [change - taken_off for change in raw]
    freedoms = [noises[arm.group].freedom for arm in compared]
    # Of two arms one is the reference, so that only the other one is tested.
    margins = _margins(remaining, spreads, freedoms, error, tests=1 if len(raw) == 2 else len(raw))
    changes = iter(
        Change(exp(change), exp(left), exp(left - margin), exp(left + margin), freedom == 0)
        for change, left, margin, freedom in zip(raw, remaining, margins, freedoms, strict=True)
    )
    common = CommonChange(exp(taken_off), exp(together), speed_ratio)
    return [next(changes) if arm.is_comparable else None for arm in arms], common


@dataclass(frozen=True, slots=True)
class _Noise:
    """The variance of the logarithm of a run, and its degrees of freedom; 0 for one that is assumed."""

    variance: float
    freedom: int


def _noise(arms: Sequence[Samples]) -> _Noise:
    groups = [_logs(runs) for arm in arms for runs in (arm.before, arm.after)]
    squares = fsum((value - fmean(group)) ** 2 for group in groups for value in group)
    freedom = sum(len(group) - 1 for group in groups)
    return _Noise(squares / freedom, freedom) if freedom else _Noise(ASSUMED_NOISE**2, 0)


def _standard_error(arm: Samples, noise: _Noise) -> float:
    """Return the standard error of an arm's change."""
    by_chance = fmean(1 / max(run.count, 1) for run in (*arm.before, *arm.after))
    # What was assumed knows nothing of chance, which comes on top of it; what was measured has it in it.
    variance = max(noise.variance, by_chance) if noise.freedom else noise.variance + by_chance
    return sqrt(variance * (1 / len(arm.before) + 1 / len(arm.after)))


def _together(raw: Sequence[float]) -> float:
    if len(raw) == 1:
        return 0.0
    return median(raw) if len(raw) >= FEWEST_FOR_MEDIAN else max(raw)


def _machine_part(together: float, arms: int, speed: float | None) -> float:
    """Return the part of the common change that may be the machine's, all as logarithms."""
    if speed is None:
        return together
    if arms == 1:
        return min(speed, 0.0)
    return max(min(together, max(speed, 0.0) + UNSEEN_SPEED), min(speed, 0.0) - UNSEEN_SPEED)


def _with_reference(errors: Sequence[float], raw: Sequence[float]) -> list[float]:
    """Return the standard errors of what remains when the common change, which has an error too, is taken off."""
    if len(raw) == 1:
        return list(errors)
    if len(raw) < FEWEST_FOR_MEDIAN:
        return [sqrt(fsum(each**2 for each in errors))] * len(raw)
    # Of a median of values with different errors, by the density at the middle.
    of_median = pi / 2 / fsum(1 / each for each in errors) ** 2 if min(errors) > 0 else 0.0
    return [sqrt(each**2 + of_median) for each in errors]


def _margins(
    changes: Sequence[float], spreads: Sequence[float], freedoms: Sequence[int], error: float, tests: int
) -> list[float]:
    """Return half the length of each interval. spreads: the standard errors of the changes."""
    p_values = [p_value(*each) for each in zip(changes, spreads, freedoms, strict=True)]
    errors = holm_errors(p_values, tests, error)
    return [reach(freedom, each) * spread for spread, freedom, each in zip(spreads, freedoms, errors, strict=True)]


def p_value(change: float, spread: float, freedom: int) -> float:
    """Return how often what did not change differs by as much.

    spread: the standard error of the change. freedom: its degrees of freedom; 0 for a noise that is assumed.
    """
    if not spread:
        return float(not change)
    distance = abs(change) / spread
    return student_t_error(distance, freedom) if freedom else 2 * (1 - NormalDist().cdf(distance))


def reach(freedom: int, error: float) -> float:
    """Return how many standard errors an interval reaches. freedom: 0 for a noise that is assumed."""
    return student_t(freedom, error) if freedom else normal_z(error)


def _logs(runs: Sequence[Run]) -> list[float]:
    return [log(run.value) for run in runs]
