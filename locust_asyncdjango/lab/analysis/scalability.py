"""Gunther's Universal Scalability Law, and everything that is fitted to a run. Start reading at ``fit_run``.

X(N) = lambda N / (1 + sigma (N - 1) + kappa N (N - 1)) (Guerrilla Capacity Planning, 2007), fitted to the seconds
before errors start; a failure by chance is no such start. Throughput peaks at sqrt((1 - sigma) / kappa) users. The fit
is refused if R2 is below 0.9.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from locust_asyncdjango.analysis.saturation.onsets.failures import find_breaking
from locust_asyncdjango.lab.analysis.curve_points import (
    BOOTSTRAP_SAMPLES,
    Numbers,
    bootstrap_signs,
    climbs,
    throughput_points,
)
from locust_asyncdjango.lab.analysis.knee import Knee, find_knee
from locust_asyncdjango.lab.analysis.littles_law import LittlesLaw, check_littles_law
from locust_asyncdjango.metrics.interval import Interval

MIN_R2 = 0.9


@dataclass(frozen=True, slots=True)
class Scalability:
    """The fitted Universal Scalability Law.

    per_s_of_one: lambda, requests per second of one user. contention: sigma. coherency: kappa. peak_users, low, high:
    the users at its peak with their interval, None if the fit was refused. why: why it was refused, or "".
    """

    per_s_of_one: float
    contention: float
    coherency: float
    r2: float
    peak_users: int | None
    low: int | None
    high: int | None
    why: str

    def per_s(self, users: Numbers) -> Numbers:
        """Return the successful requests per second that the law expects for each number of users."""
        return _usl(users, self.per_s_of_one, self.contention, self.coherency)


@dataclass(frozen=True, slots=True)
class RunFits:
    """Everything that is fitted to a run; None for what could not be fitted."""

    knee: Knee
    scalability: Scalability | None
    littles_law: LittlesLaw | None


def fit_run(intervals: Sequence[Interval]) -> RunFits:
    """Return the knee, the Universal Scalability Law and Little's law of a run's seconds."""
    return RunFits(find_knee(intervals), fit_scalability(intervals), check_littles_law(intervals))


def _usl(users: Numbers, per_s_of_one: float, contention: float, coherency: float) -> Numbers:
    more = users - 1
    return per_s_of_one * users / (1 + contention * more + coherency * users * more)


def fit_scalability(intervals: Sequence[Interval]) -> Scalability | None:
    """Return the Universal Scalability Law of a run's seconds; None if there is too little data to fit it."""
    broken = find_breaking(intervals).onset
    users, per_s = throughput_points([interval for interval in intervals if broken is None or interval.t <= broken.t])
    if not climbs(users) or not per_s.any():
        return None
    from scipy.optimize import curve_fit  # it takes a third of a second to load, and few runs get here

    def fitted(values: Numbers, start: Sequence[float] | Numbers) -> Numbers:
        bounds = ([0, 0, 0], [np.inf, 1, 1])
        parameters: Numbers = curve_fit(_usl, users, values, p0=start, bounds=bounds, max_nfev=2000)[0]
        return parameters

    first = max(float(np.median(per_s[:5] / users[:5])), 1e-9)
    try:
        parameters = fitted(per_s, [first, 0.01, 1e-5])
        expected = _usl(users, *parameters)
        residuals = per_s - expected
        samples = [
            fitted(expected + residuals * signs, parameters)
            for signs in bootstrap_signs(len(users), BOOTSTRAP_SAMPLES // 5)
        ]
    except RuntimeError:  # the fit does not converge
        return None
    r2 = 1 - float((residuals**2).sum() / max(((per_s - per_s.mean()) ** 2).sum(), 1e-12))
    peak = _users_at_peak(parameters)
    low, high = np.percentile([_users_at_peak(sample) for sample in samples], [2.5, 97.5])
    why = ""
    if r2 < MIN_R2:
        why = f"refused: the law explains too little of this run (R2 {r2:.2f})"
    elif peak > 2 * users.max():
        why = f"its peak lies beyond what was measured ({users.max():.0f} users)"
    users_at_peak, at_least, at_most = (None if why else round(min(value, 1e9)) for value in (peak, low, high))
    per_s_of_one, contention, coherency = map(float, parameters)
    return Scalability(per_s_of_one, contention, coherency, r2, users_at_peak, at_least, at_most, why)


def _users_at_peak(parameters: Numbers) -> float:
    _, contention, coherency = parameters
    return float(np.sqrt((1 - contention) / max(coherency, 1e-18)))
