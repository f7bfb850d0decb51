"""Latency histograms: how many requests took how many milliseconds, rounded to three significant digits.

HdrHistogram rounds in the same way. A number is kept as a binary fraction with eleven significant bits: within 0.05 %
of the truth over the whole range of floats. HdrHistogram's arrays of counters need to know the range beforehand. Here
only values that occurred take memory, since a second has few. Adding two histograms is exact, because both round to the
same values.
"""

from collections import Counter
from math import frexp, fsum, ldexp

STEPS = 2048
"""Steps from 0 to a power of two. A number between half of it and all of it lies at step 1024 to 2048."""

Histogram = Counter[float]
"""How many requests took so many milliseconds."""


def rounded_ms(ms: float) -> float:
    """Return the value under which a latency is counted: within 0.05 % of it."""
    fraction, exponent = frexp(ms)
    return ldexp(int(fraction * STEPS + 0.5), exponent - 11)


def sum_ms(counts: Histogram) -> float:
    """Return the milliseconds that all requests took together."""
    return fsum(ms * n for ms, n in counts.items())


def to_json(counts: Histogram) -> dict[str, int]:
    """Return a JSON object of counts by milliseconds: five digits are enough to distinguish neighbouring values."""
    return {f"{ms:.5g}": n for ms, n in sorted(counts.items())}


def from_json(counts: dict[str, int]) -> Histogram:
    """Return exactly the histogram that ``to_json`` wrote.

    Raise OverflowError or ValueError where a latency is not possible.
    """
    histogram = Counter({rounded_ms(float(ms)): n for ms, n in counts.items()})
    if min(histogram, default=0) < 0:
        raise ValueError(f"a latency of {min(histogram)} ms is not possible")
    return histogram
