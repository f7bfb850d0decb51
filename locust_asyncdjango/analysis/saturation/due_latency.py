"""Latency from when a request was due, of all that were due: also of those that the end of a run cut off.

Start reading at ``find_due_latency``. Of a request that was cut off it is known that it takes at least as long as it
had waited, and no more. So each percentile lies between two values: one if nothing that was cut off takes longer than
it had waited, and one if all of it takes longer than any other request.
"""

from collections import Counter
from collections.abc import Mapping
from math import inf, isinf

from locust_asyncdjango.analysis.saturation.figures import DueLatency, PercentileBounds
from locust_asyncdjango.metrics.histogram import Histogram
from locust_asyncdjango.metrics.interval import PERCENTILES
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.statistics import percentiles


def find_due_latency(total: Row) -> DueLatency | None:
    """Return the latency of all requests that were due in a run and have not failed.

    total: the whole run in one row. Return None where no request succeeded, and in a closed model, in which no request
    is due before a user sends it.
    """
    is_open = total.due_per_s or total.late or total.missed  # earlier versions did not record due_per_s
    if not is_open or not total.ok_ms:
        return None
    waited: Histogram = Counter(total.cut_off_ms)
    # A run of an earlier version does not say for how long they had waited.
    waited[0.0] += total.missed + total.in_flight - waited.total()
    return DueLatency(total.ok_ms.total() + waited.total(), waited.total(), *_bounds(total.ok_ms, waited))


def _bounds(answered: Histogram, waited: Histogram) -> tuple[PercentileBounds, ...]:
    """Return between which two values each of PERCENTILES lies."""
    low = percentiles(_with(answered, waited), PERCENTILES)
    high = percentiles(_with(answered, {inf: waited.total()}), PERCENTILES) if waited.total() else low
    return tuple((a, None if isinf(b) else b) for a, b in zip(low, high, strict=True))


def _with(answered: Histogram, waited: Mapping[float, int]) -> Histogram:
    both = answered.copy()
    both.update(waited)
    return both
