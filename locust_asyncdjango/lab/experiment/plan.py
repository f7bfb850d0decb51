"""The trials of an experiment, in the order in which they run."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.spec import Experiment, Trial, unfinished_name


def trials(experiment: Experiment) -> list[Trial]:
    """Return all trials in their order. Raise UsageError where two would have the same folder."""
    planned = [trial for compared in rounds(experiment) for trial in compared]
    folders = [name for trial in planned for name in (trial.id, unfinished_name(trial.id))]
    if duplicates := [name for name, count in Counter(folders).items() if count > 1]:
        raise UsageError(f"two trials would be named {duplicates[0]}; give your own server another name")
    return planned


def rounds(experiment: Experiment) -> list[list[Trial]]:
    """Return the trials in rounds, in which each arm of a comparison runs once.

    Rounds go route by route, and all rounds of the same conditions follow each other. Every second round is in reverse
    order (A B, B A), so that a machine that gets slower does so for all arms alike. The first round has the A/A pairs,
    of the first arm.
    """
    comparisons = list(_comparisons(experiment))
    first = comparisons[0][0]
    a_a = [replace(first, a_a=True, repeat=run) for run in range(1, 2 * experiment.a_a_pairs + 1)]
    repeated = [
        [replace(trial, repeat=repeat) for trial in (compared if repeat % 2 else compared[::-1])]
        for compared in comparisons
        for repeat in range(1, experiment.repeats + 1)
    ]
    return [a_a, *repeated] if a_a else repeated


def _comparisons(experiment: Experiment) -> Iterator[list[Trial]]:
    """Yield the trials that are compared with each other: all arms on a route at the same latency."""
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
                workers=experiment.workers,
            )
            for arm in experiment.arms_on(route)
        ]
