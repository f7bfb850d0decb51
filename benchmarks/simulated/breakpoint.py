"""How often the interval of Breakpoint contains the users that a simulated server carries, by the shape's own search.

The server works on so many requests at once, 100 ms each, so its throughput rises with the users up to its slots. The
seconds of a level vary and resemble each other, and each level as a whole is slower or faster than it should be.
"""

from collections.abc import Iterator
from math import exp, sqrt
from random import Random
from typing import NamedTuple

from locust_asyncdjango.shapes import Breakpoint
from locust_asyncdjango.shapes.search import (
    NOT_RISING,
    Estimate,
    LevelResult,
    Search,
    estimate_carried,
    summarize_level,
)

from simulated.goals import Goal

SERVICE_S = 0.1
SLOTS = 40
AT_LEAST, AT_MOST = 0.93, 0.98
LEVELS_LIMIT = 100
"""A search that tries more levels than this does not end."""


class Noise(NamedTuple):
    """How a server's throughput varies, as shares of it.

    within: of the seconds of a level. correlation: of neighbouring seconds. between: of whole levels.
    """

    within: float
    correlation: float
    between: float

    @property
    def text(self) -> str:
        """Return the noise for people."""
        return f"{self.within:.0%} in seconds (correlation {self.correlation:g}), {self.between:.0%} between levels"


NOISES = tuple(
    Noise(within, correlation, between)
    for within in (0.02, 0.07, 0.15)
    for correlation, between in ((0.0, 0.0), (0.3, 0.03), (0.7, 0.07))
)


def simulate(experiments: int) -> Iterator[Goal]:
    """Yield how often the interval contains the truth, for each kind of noise, and how many levels it took."""
    levels = 0
    for noise in NOISES:
        searches = [search(noise, Random(f"{noise} {seed}")) for seed in range(experiments)]  # noqa: S311
        estimates = [estimate_carried(*each.repeats) for each in searches]
        covered = sum(map(_is_covered, estimates))
        levels += sum(len(each.results) for each in searches)
        what = f"Breakpoint's interval contains the truth, {noise.text}"
        yield Goal.share(what, covered, experiments, at_least=AT_LEAST, at_most=AT_MOST)
    yield Goal("levels that a search of Breakpoint measures", f"{levels / experiments / len(NOISES):.1f}")


def search(noise: Noise, chance: Random, slots: int = SLOTS) -> Search:
    """Return a search that is over, on a server with so many slots."""
    shape = Breakpoint()
    result = Search(shape.peak, shape.factor, shape.resolution, shape.share)
    while not result.is_over and len(result.results) < LEVELS_LIMIT:
        level = measured(result.level, noise, chance, slots, round(shape.hold) - 1)
        result.record(level, "" if result.is_repeating or result.is_rising(level) else NOT_RISING)
    return result


def measured(users: int, noise: Noise, chance: Random, slots: int, seconds: int) -> LevelResult:
    """Return what a level of so many seconds brings."""
    per_s = min(users, slots) / SERVICE_S * exp(chance.gauss(0, noise.between))
    counts, deviation = [], chance.gauss(0, noise.within)
    for _ in range(seconds):
        counts.append((max(round(per_s * (1 + deviation)), 0), 0))
        fresh = sqrt(1 - noise.correlation**2) * chance.gauss(0, noise.within)
        deviation = noise.correlation * deviation + fresh
    return summarize_level(users, counts, {1000 * SERVICE_S: 1})


def _is_covered(estimate: Estimate | None) -> bool:
    return estimate is not None and estimate.low <= SLOTS <= estimate.high
