"""How often ``compare`` ends with exit code 3 though no arm changed, and how often it finds an arm that did."""

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from locust_asyncdjango.analysis.saturation import Goodput, Saturation
from locust_asyncdjango.lab.analysis.changes.find_changes import find_changes
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.lab.experiment.spec import Experiment, Load
from locust_asyncdjango.lab.experiment.trial import Trial
from simulated.goals import Goal

RATE_PER_S = 100.0
PLATEAU_S = 60
NOISE = 0.05
"""The standard deviation of the logarithm of a run."""
TOLERANCE = 0.1
SERVERS = ("gunicorn-sync", "gunicorn-uvicorn", "gunicorn-gevent")
ROUTES = ("io_read", "io_create", "cpu")
LATENCIES_MS = (0, 100, 200)
SLOWER_MACHINE = 0.85
PLANTED = 0.8


@dataclass(frozen=True, slots=True)
class World:
    """What is simulated. noises: by route, where it is not NOISE. machine: how fast it is after, as a share of before.

    planted: how much the first arm carries after, as a share of before.
    """

    noises: Mapping[str, float] = field(default_factory=dict)
    machine: float = 1.0
    planted: float = 1.0


def simulate(experiments: int) -> Iterator[Goal]:
    """Yield how often the exit code is 3 without a change, and with one arm that carries a fifth less."""
    for arms in (2, 6, 27):
        for repeats in (1, 2, 3):
            for label, world in (
                ("", World()),
                (", machine 15 % slower", World(machine=SLOWER_MACHINE)),
                (", 30 % noise on one route", World(noises={ROUTES[0]: 0.3})),
            ):
                if world.noises and (arms < len(ROUTES) or repeats == 1):
                    continue
                what = f"`compare` exits 3 on {arms} unchanged arms of {repeats} runs{label}"
                yield Goal.share(what, count_worse(arms, repeats, world, experiments), experiments, at_most=0.05)
    for arms in (2, 6, 27):
        found = count_worse(arms, 3, World(planted=PLANTED), experiments)
        yield Goal.share(f"`compare` finds one of {arms} arms that carries 20 % less, 3 runs", found, experiments)
    found = count_worse(6, 3, World(planted=PLANTED, machine=SLOWER_MACHINE), experiments)
    yield Goal.share("the same of 6 arms, on a machine 15 % slower", found, experiments)


def count_worse(arms: int, repeats: int, world: World, experiments: int) -> int:
    """Return in how many of so many comparisons the exit code is 3."""
    planned = experiment_of(arms, repeats)
    worse = 0
    for seed in range(experiments):
        chance = random.Random(seed)  # noqa: S311
        before = simulated_findings(planned, chance, World(world.noises))
        worse += find_changes(before, simulated_findings(planned, chance, world), ({}, {})).is_worse(TOLERANCE)
    return worse


def experiment_of(arms: int, repeats: int) -> Experiment:
    """Return an experiment of 2 arms of one route, 6 arms of two routes, or 27 arms of three routes."""
    routes, servers, latencies_ms = {
        2: (ROUTES[:1], SERVERS[:2], (0,)),
        6: (ROUTES, SERVERS[:2], (0,)),
        27: (ROUTES, SERVERS, LATENCIES_MS),
    }[arms]
    return Experiment(
        routes=routes, servers=servers, latencies_ms=latencies_ms, load=Load(), posts=1000, repeats=repeats
    )


def simulated_findings(planned: Experiment, chance: random.Random, world: World) -> Findings:
    """Return the findings of an experiment in a world, in which the first arm is the planted one."""
    in_order = trials(planned)
    first = in_order[0]
    results = []
    for trial in in_order:
        is_planted = (trial.route, trial.server, trial.latency_ms) == (first.route, first.server, first.latency_ms)
        share = world.machine * (world.planted if is_planted else 1.0)
        noise = world.noises.get(trial.route, NOISE)
        results.append(simulated_result(trial, RATE_PER_S * share * math.exp(chance.gauss(0, noise))))
    return Findings(planned, tuple(results), {})


def simulated_result(trial: Trial, per_s: float) -> Result:
    """Return the result of a trial with this goodput."""
    goodput = Goodput(per_s, 0.95 * per_s, 1.05 * per_s, 10, 10 + PLATEAU_S, 100, 0.0, 10.0, 20.0, 30.0)
    successes = int(PLATEAU_S * per_s)
    figures = Saturation(
        per_s, (per_s, per_s), 100, (90, 110), successes, (successes, successes), 0, None, None, (), goodput=goodput
    )
    return Result(trial, figures, "", {})
