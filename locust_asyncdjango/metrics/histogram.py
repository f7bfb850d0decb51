"""Latency histograms: how many requests took how many milliseconds, rounded to three significant digits.

HdrHistogram rounds in the same way. A number is kept as a binary fraction with eleven significant bits: within 0.05 %
of the truth over the whole range of floats. HdrHistogram's arrays of counters need to know the range beforehand. Here
only values that occurred take memory, since a second has few. Adding two histograms is exact, because both round to the
same values.
"""

from collections import Counter
from math import frexp, fsum, ldexp
from operator import mul

STEPS = 2048
"""Steps from 0 to a power of two. A number between half of it and all of it lies at step 1024 to 2048."""

LONGEST_MS = 1e12
"""No request takes so long: more than thirty years."""

Histogram = Counter[float]
"""How many requests took so many milliseconds."""


def rounded_ms(ms: float) -> float:
    """Return the value under which a latency is counted: within 0.05 % of it."""
    fraction, exponent = frexp(ms)
    return ldexp(int(fraction * STEPS + 0.5), exponent - 11)


def sum_ms(counts: Histogram) -> float:
    """Return the milliseconds that all requests took together."""
    return fsum(map(mul, counts.keys(), counts.values()))


def to_json(counts: Histogram) -> dict[str, int]:
    """Return a JSON object of counts by milliseconds: five digits are enough to distinguish neighbouring values."""
    return {f"{ms:.5g}": n for ms, n in sorted(counts.items())}


def from_json(counts: dict[str, int]) -> Histogram:
    """Return exactly the histogram that ``to_json`` wrote. Raise ValueError where a latency is not possible."""
    histogram: Histogram = Counter()
    for text, count in counts.items():
        ms = float(text)
        if not 0 <= ms < LONGEST_MS:
            raise ValueError(f"a latency of {text[:30]} ms is not possible")
        histogram[rounded_ms(ms)] += count
    return histogram
