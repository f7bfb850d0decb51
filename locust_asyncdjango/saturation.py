"""Where a run saturated: Series -> peak, slowdown onset, error onset. Sums and sorts only.

Definitions
    peak: the most successful requests a second over any ten consecutive seconds (all of them in a shorter run), with
        the users at the end of those seconds. Locust's own current rate is a ten-second mean too (locust/stats.py,
        ``current_rps``), so the two can be compared.
    slowdown onset: the users in the first of three seconds in a row whose median latency of successes is above one and
        a half times the baseline: the lowest median of the first five seconds that had successes. Seconds without
        successes are passed over.
    error onset: the users in the first second that had a failure.
"""

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

from locust_asyncdjango.series import Row, Series, percentile_ms

MEDIAN = Fraction(50)
PEAK_WINDOW_S = 10
BASELINE_SECONDS = 5
SLOW_FACTOR = 1.5
SLOW_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Onset:
    """When something began: seconds since the start, and users then."""

    t: int
    users: int


@dataclass(frozen=True, slots=True)
class KindOnset:
    """How often a kind of failure happened and when first."""

    kind: str
    count: int
    first: Onset


@dataclass(frozen=True, slots=True)
class Saturation:
    """The figures of one run; None where it did not come to that."""

    peak_per_s: float
    peak_users: int
    successes: int
    slowdown: Onset | None
    errors: Onset | None
    failures: tuple[KindOnset, ...]


def saturation(series: Series) -> Saturation:
    """The figures of a series, failures most frequent first."""
    peak_per_s, peak_users = _peak(series.rows)
    failures = _failures(series.rows)
    return Saturation(
        peak_per_s=peak_per_s,
        peak_users=peak_users,
        successes=sum(row.ok for row in series.rows),
        slowdown=_slowdown(series.rows),
        errors=min((failure.first for failure in failures), key=lambda onset: onset.t, default=None),
        failures=failures,
    )


def _peak(rows: tuple[Row, ...]) -> tuple[float, int]:
    window = min(PEAK_WINDOW_S, len(rows))
    if not window:
        return 0.0, 0
    ends = range(window, len(rows) + 1)
    best = max(ends, key=lambda end: sum(row.ok for row in rows[end - window : end]))
    ok = sum(row.ok for row in rows[best - window : best])
    return ok / window, rows[best - 1].users if ok else 0


def _slowdown(rows: tuple[Row, ...]) -> Onset | None:
    answered = [row for row in rows if row.ok]
    medians = [percentile_ms(row.ok_ms, MEDIAN) for row in answered]
    if not medians:
        return None
    limit = SLOW_FACTOR * min(medians[:BASELINE_SECONDS])
    for first in range(len(medians) - SLOW_SECONDS + 1):
        if all(median > limit for median in medians[first : first + SLOW_SECONDS]):
            return Onset(answered[first].t, answered[first].users)
    return None


def _failures(rows: tuple[Row, ...]) -> tuple[KindOnset, ...]:
    counts: Counter[str] = Counter()
    first: dict[str, Onset] = {}
    for row in rows:
        counts += row.failed
        for kind in row.failed:
            first.setdefault(kind, Onset(row.t, row.users))
    return tuple(KindOnset(kind, n, first[kind]) for kind, n in sorted(counts.items(), key=lambda item: -item[1]))
