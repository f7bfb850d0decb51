"""Latency histograms: counts by milliseconds, which are rounded to three significant digits as HdrHistogram does.

Any number is kept as a binary fraction with eleven significant bits: within 0.05 % of the truth over the whole range
of floats, which HdrHistogram's arrays of counters have to be told beforehand. Only what occurred takes room, since a
second has few values, and adding two histograms is exact: both have the same values to choose from.
"""

from collections import Counter
from math import frexp, fsum, ldexp

STEPS = 2048
"""From one power of two to the next but one: 1024 to 2048 of them are used for a number."""

Histogram = Counter[float]
"""How many took how many milliseconds."""


def rounded_ms(ms: float) -> float:
    """The value under which a latency is counted, within 0.05 % of it."""
    fraction, exponent = frexp(ms)
    return ldexp(int(fraction * STEPS + 0.5), exponent - 11)


def sum_ms(counts: Histogram) -> float:
    """How long all of them took together."""
    return fsum(ms * n for ms, n in counts.items())


def to_json(counts: Histogram) -> dict[str, int]:
    """For people to read: five digits are enough to tell one value from the next."""
    return {f"{ms:.5g}": n for ms, n in sorted(counts.items())}


def from_json(counts: dict[str, int]) -> Histogram:
    """Reads what ``to_json`` made, exactly. Raises OverflowError or ValueError."""
    read = Counter({rounded_ms(float(ms)): n for ms, n in counts.items()})
    if min(read, default=0) < 0:
        raise ValueError(f"a latency of {min(read)} ms cannot be")
    return read
