"""The points that curves are fitted to: throughput over users, after the warm-up, and how to resample them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from locust_asyncdjango.analysis.saturation import load_points
from locust_asyncdjango.metrics.interval import Interval

Numbers = NDArray[np.float64]

MIN_POINTS = 12
BOOTSTRAP_SAMPLES = 500
BLOCK_S = 3
"""Seconds for which the signs of the bootstrap stay the same."""


def throughput_points(intervals: Sequence[Interval]) -> tuple[Numbers, Numbers]:
    """Return users and successful requests per second of the whole seconds after the warm-up, fewest users first."""
    kept = load_points(intervals)
    users = np.array([point_users for point_users, _ in kept])
    per_s = np.array([interval.ok / interval.length for _, interval in kept])
    order = np.argsort(users, kind="stable")
    return users[order], per_s[order]


def climbs(users: Numbers) -> bool:
    """Return whether users rise over enough different numbers, to more than twice the first, to fit a curve."""
    return len(users) >= MIN_POINTS and len(np.unique(users)) >= MIN_POINTS and users.max() > 2 * users.min()


def bootstrap_signs(length: int, samples: int = BOOTSTRAP_SAMPLES) -> Numbers:
    """Return the random signs of a wild bootstrap; all seconds of a block have the same sign.

    Each call returns the same signs, so that a report that is made again has the same figures.
    """
    chance = np.random.default_rng(0)
    blocks = chance.choice([-1.0, 1.0], size=(samples, length // BLOCK_S + 1))
    return np.repeat(blocks, BLOCK_S, axis=1)[:, :length]
