"""The trials of an experiment, in the order in which they run."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby, product
from math import gcd

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.schedule.orders import balanced_orders
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.lab.experiment.trial import Trial, unfinished_name


def trials(experiment: Experiment) -> list[Trial]:
    """Return all trials in their order. Raise UsageError where two would have the same folder."""
    planned = [trial for compared in rounds(experiment) for trial in compared]
    folders = [name for trial in planned for name in (trial.id, unfinished_name(trial.id))]
    if duplicates := [name for name, count in Counter(folders).items() if count > 1]:
        raise UsageError(f"two trials would be named {duplicates[0]}; give your own server another name")
    return planned


def rounds(experiment: Experiment) -> list[list[Trial]]:
    """Return the trials in rounds, in which each arm of a comparison runs once.

    Rounds go route by route. With repeats, the rounds of a route's conditions alternate, and the orders of the arms are
    balanced for carry-over (``orders``). The first round has the A/A pairs, of the first arm.
    """
    compared = list(comparisons(experiment))
    first = compared[0][0]
    a_a = [replace(first, a_a=True, repeat=run) for run in range(1, 2 * experiment.a_a_pairs + 1)]
    if experiment.repeats == 1:
        return [a_a, *compared] if a_a else compared
    by_route = groupby(compared, key=lambda trials: trials[0].route)
    repeated = [round_ for _, block in by_route for round_ in _alternating(list(block), experiment.repeats)]
    return [a_a, *repeated] if a_a else repeated


def comparisons(experiment: Experiment) -> Iterator[list[Trial]]:
    """Yield the trials that are compared with each other: all arms on a route at the same latency, without repeats."""
    for route, latency_ms in product(experiment.routes, experiment.latencies_ms):
        yield [
            Trial(
                route=route,
                server=arm.server,
                posts=experiment.posts,
                max_connections=arm.max_connections,
                variant=arm.variant,
                latency_ms=latency_ms,
                client_latency_ms=experiment.client_latency_ms,
                workers=arm.workers or experiment.workers,
                name=arm.name,
                arm_workers=arm.workers,
                threads=arm.threads,
            )
            for arm in experiment.arms_on(route)
        ]


def is_warmed_up(experiment: Experiment) -> bool:
    """Return whether a trial is run first and thrown away, because the first one on a cold machine is like no other.

    That is worth its time where pairs of runs are compared. Single runs have no interval that could be wrong.
    """
    has_pairs = experiment.repeats > 1 and any(len(compared) > 1 for compared in comparisons(experiment))
    return has_pairs or experiment.a_a_pairs > 0


def _alternating(compared: Sequence[Sequence[Trial]], repeats: int) -> Iterator[list[Trial]]:
    """Yield rounds of comparisons with equally many arms, in which each comparison has its turn once a repeat.

    The orders go on from round to round, so that each begins with the last arm of the round before. The turns move on
    by one whenever a comparison would meet the same orders again: each of them meets all.
    """
    orders = balanced_orders(len(compared[0]))
    same_turns = len(orders) // gcd(len(orders), len(compared))
    for repeat in range(repeats):
        for turn in range(len(compared)):
            arms = compared[(turn + repeat // same_turns) % len(compared)]
            order = orders[(repeat * len(compared) + turn) % len(orders)]
            yield [replace(arms[arm], repeat=repeat + 1) for arm in order]
