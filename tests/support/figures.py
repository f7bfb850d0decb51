"""Figures of a run for tests of what tells them: the intervals follow from the figures."""

from locust_asyncdjango.analysis.saturation import KindOnset, Onset, Saturation


def onset(t: int, users: int) -> Onset:
    """Five users around it."""
    return Onset(t, users, users - 5, users + 5)


def figures(
    peak_per_s: float,
    peak_users: int,
    successes: int,
    slowdown: Onset | None = None,
    errors: Onset | None = None,
    failures: tuple[KindOnset, ...] = (),
) -> Saturation:
    """A twentieth around the rate, ten users around its users, a hundred successes around their count."""
    return Saturation(
        peak_per_s,
        (0.95 * peak_per_s, 1.05 * peak_per_s),
        peak_users,
        (peak_users - 10, peak_users + 10),
        successes,
        (successes - 100, successes + 100),
        0,
        slowdown,
        errors,
        failures,
    )
