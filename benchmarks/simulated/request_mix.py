"""Arms whose users choose requests at random: how often their mixes are called different, and how often found.

Users choose each request by the same weights. In experiments with uneven runs, a part of the users stays with the
requests that they began with, so that runs of the same arm differ by more than chance.
"""

from collections.abc import Iterator, Sequence

import numpy as np

from locust_asyncdjango.lab.analysis.request_mix.mixes import RunRequests, find_difference
from locust_asyncdjango.metrics.request_names.sums import RequestSums
from simulated.goals import Goal

NAMES = [f"GET /{n}/" for n in range(8)]
WEIGHTS = (10.0, 5.0, 3.0, 2.0, 2.0, 1.0, 1.0, 0.2)
UNEVEN = 0.2
"""The standard deviation of each weight from run to run, where runs are uneven."""


def simulate(experiments: int) -> Iterator[Goal]:
    """Yield how often equal mixes are called different, and how often different ones are found."""
    for requests in (200, 2_000, 20_000):
        for repeats in (1, 4):
            count = _count(experiments, repeats, requests, WEIGHTS)
            what = f"the same mix called different, {repeats} runs of {requests} requests"
            yield Goal.share(what, count, experiments, at_most=0.05)
    count = _count(experiments, 4, 2_000, WEIGHTS, uneven=UNEVEN)
    yield Goal.share("the same mix called different, uneven runs", count, experiments, at_most=0.05)
    shifted = (5.0, 10.0, *WEIGHTS[2:])
    count = _count(experiments, 1, 2_000, shifted)
    yield Goal.share(
        "a mix with a fifth of the requests moved is found, 1 run of 2000", count, experiments, at_least=0.9
    )


def _count(experiments: int, repeats: int, requests: int, weights: Sequence[float], uneven: float = 0.0) -> int:
    chance = np.random.default_rng(21)
    found = 0
    for _ in range(experiments):
        first = [_run(chance, n, requests, WEIGHTS, uneven) for n in range(repeats)]
        other = [_run(chance, n, 2 * requests, weights, uneven) for n in range(repeats)]
        found += find_difference(first, other) is not None
    return found


def _run(
    chance: np.random.Generator, repeat: int, requests: int, weights: Sequence[float], uneven: float
) -> RunRequests:
    of_run = np.array(weights) * chance.lognormal(0, uneven, len(weights))
    counts = chance.multinomial(requests, of_run / of_run.sum())
    return RunRequests(repeat, {name: RequestSums(int(n)) for name, n in zip(NAMES, counts, strict=True) if n}, 60)
