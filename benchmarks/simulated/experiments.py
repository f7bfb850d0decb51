"""Whole experiments whose truth is known: how often the verdict calls equal arms different, and finds differences.

The trials are those of the project's own plan, in its order; the verdict is that of its own findings, and with
--until-decided its own decisions end the repeats. Only the runs are made up: the figures of each are what the arm truly
carries, times its noise. Start reading at ``simulate``.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import exp, log
from random import Random

from locust_asyncdjango.analysis.saturation import Goodput, Saturation
from locust_asyncdjango.lab.analysis.findings import Findings
from locust_asyncdjango.lab.experiment.arm import Arm
from locust_asyncdjango.lab.experiment.decision import Decision
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.schedule.plan import rounds
from locust_asyncdjango.lab.experiment.spec import Experiment, Load
from locust_asyncdjango.lab.experiment.trial import Trial
from simulated.goals import Goal

SERVERS = (
    *("gunicorn-sync", "gunicorn-uvicorn", "uvicorn", "gunicorn-100-threads", "gunicorn-gevent", "gunicorn-asgi"),
    *("uwsgi-2-threads", "uwsgi-gevent"),
)
FIRST = SERVERS[0]
ROUTES = ("io_read", "io_create", "cpu")
LATENCIES_MS = (0, 100, 200)
UNEVEN = {"io_read": 0.02, "io_create": 0.05, "cpu": 0.30}
"""The noise of runs by route."""
PLATEAU_S = 60
PER_S = 500.0
"""What an arm carries in requests a second, if nothing is said."""
MOST_ERRORS = 0.05
MORE = 0.15
"""The difference that must be found."""
MULTIPLE = 10
"""How many times as many of the smaller experiments are run: an error of 5 % is hard to tell from one of 6 %."""

Drift = Callable[[Random], Iterator[float]]
"""Called for each experiment; yields what the machine adds to the logarithm of each trial's figure, in their order."""


def steady(_chance: Random) -> Iterator[float]:
    """Yield 0 for ever."""
    while True:
        yield 0.0


def linear(per_trial: float) -> Drift:
    """Return a machine that becomes slower with each trial."""

    def drift(_chance: Random) -> Iterator[float]:
        number = 0
        while True:
            yield -per_trial * number
            number += 1

    return drift


def random_walk(step: float) -> Drift:
    """Return a machine whose speed wanders."""

    def drift(chance: Random) -> Iterator[float]:
        speed = 0.0
        while True:
            speed += chance.gauss(0, step)
            yield speed

    return drift


def regimes(depth: float, switch: float) -> Drift:
    """Return a machine that is sometimes slower by a depth. switch: how often that changes from trial to trial."""

    def drift(chance: Random) -> Iterator[float]:
        is_slow = False
        while True:
            is_slow ^= chance.random() < switch
            yield -depth * is_slow

    return drift


@dataclass(frozen=True)
class World:
    """What is true, and how noisy runs are.

    noise: the standard deviation of the logarithm of a run's figure. more: how much more the first arm carries, as a
    share. carry_over: what the trial after one of the first arm loses. drift: of the machine.
    """

    noise: Callable[[Trial], float]
    more: float = 0.0
    carry_over: float = 0.0
    drift: Drift = steady

    def truth(self, arm: str) -> float:
        """Return the logarithm of what an arm carries in relation to the others."""
        return log(1 + self.more) if arm == FIRST else 0.0


@dataclass(frozen=True)
class Scenario:
    """One experiment in one world, to be played with many seeds. what: its name in the table."""

    what: str
    experiment: Experiment
    world: World
    multiple: int = field(default=MULTIPLE)

    @cached_property
    def rounds(self) -> list[list[Trial]]:
        """Return the trials of the plan."""
        return rounds(self.experiment)

    def play(self, seed: int) -> Findings:
        """Return the findings of one experiment."""
        chance = Random(seed)  # noqa: S311
        drift, results, before = self.world.drift(chance), [], ""
        decisions: tuple[Decision, ...] = ()
        findings = Findings(self.experiment, (), {})
        for round_ in self.rounds:
            if self.experiment.until_decided and findings.is_decided(round_[0].subject):
                continue
            for trial in round_:
                loss = self.world.carry_over * (before == FIRST)
                deviation = chance.gauss(0, self.world.noise(trial)) + next(drift) - loss
                results.append(_result(trial, PER_S * exp(self.world.truth(trial.server) + deviation)))
                before = trial.server
            findings = Findings(self.experiment, tuple(results), {}, decisions=decisions)
            if made := findings.new_decisions():
                decisions += made
                findings = replace(findings, decisions=decisions)
        return findings

    def findings(self, experiments: int) -> Iterator[Findings]:
        """Yield the findings of so many experiments."""
        return (self.play(seed) for seed in range(experiments))


def simulate(experiments: int) -> Iterator[Goal]:
    """Yield how often experiments without a difference show one, and how often those with one do."""
    for scenario in null_scenarios():
        count = scenario.multiple * experiments
        false = sum(bool(_different(findings)) for findings in scenario.findings(count))
        yield Goal.share(f"any false difference: {scenario.what}", false, count, at_most=MOST_ERRORS)
    for repeats, least in ((4, 0.75), (6, 0.9)):
        yield from _power(repeats, least, experiments)
    for scenario in coverage_scenarios():
        covered = sum(_covers(findings, scenario.world) for findings in scenario.findings(4 * experiments))
        what = f"all intervals of ratios cover the truth: {scenario.what}"
        yield Goal.share(what, covered, 4 * experiments, at_least=0.93, at_most=0.98)
    yield _taken_back(experiments)


def null_scenarios() -> Iterator[Scenario]:
    """Yield experiments in which no arms differ."""
    even, uneven, bursty = _even(0.05), World(_by_route), World(_bursty)
    for arms in (2, 3, 6, 8):
        yield Scenario(f"{arms} arms, noise 5 %, 4 repeats", plan(arms, 4), even, 4 if arms > 3 else MULTIPLE)
    yield Scenario("3 arms x 3 routes x 3 latencies, 5 %, 2 repeats", plan(3, 2, ROUTES, LATENCIES_MS), even, 1)
    yield Scenario("the same, noise 2, 5 and 30 % by route", plan(3, 2, ROUTES, LATENCIES_MS), uneven, 1)
    yield Scenario("2 arms, 9 subjects, 2, 5 and 30 %, 3 repeats", plan(2, 3, ROUTES, LATENCIES_MS), uneven, 2)
    yield Scenario("3 arms, 3 routes, 2, 5 and 30 %, 4 repeats", plan(3, 4, ROUTES), uneven, 2)
    for arms in (2, 3, 6, 8):
        yield Scenario(f"one of {arms} arms six times as noisy, 4 repeats", plan(arms, 4), bursty, 4)
    yield Scenario("2 arms, 5 %, slower by 1 % each trial, 4 repeats", plan(2, 4), _even(0.05, drift=linear(0.01)))
    yield Scenario("3 arms, 2 %, slower by 3 % each trial, 4 repeats", plan(3, 4), _even(0.02, drift=linear(0.03)))
    yield Scenario("3 arms, 2 %, random walk of 3 %, 4 repeats", plan(3, 4), _even(0.02, drift=random_walk(0.03)))
    for switch in (0.15, 0.5):
        regime = _even(0.03, drift=regimes(0.25, switch))
        yield Scenario(f"3 arms, 3 %, regimes of -25 %, switch {switch}, 6 repeats", plan(3, 6), regime, 4)
    for arms, repeats in ((2, 4), (3, 6), (2, 16), (3, 16), (4, 16)):
        carry = _even(0.03, carry_over=0.10)
        yield Scenario(f"-10 % after the first of {arms} arms, 3 %, {repeats} repeats", plan(arms, repeats), carry, 2)
    yield from stopping_scenarios()


def stopping_scenarios(more: float = 0.0) -> Iterator[Scenario]:
    """Yield experiments that end their repeats as soon as they are decided. more: what the first arm carries more."""
    even, uneven = _even(0.05, more=more), World(_by_route, more)
    yield Scenario("until decided, 2 arms, 5 %, <= 8 repeats", plan(2, 8, until_decided=True), even)
    yield Scenario("until decided, 2 arms, 5 %, <= 16 repeats", plan(2, 16, until_decided=True), even, 2)
    yield Scenario("until decided, 6 arms, 5 %, <= 8 repeats", plan(6, 8, until_decided=True), even, 1)
    nine = plan(2, 8, ROUTES, LATENCIES_MS, until_decided=True)
    yield Scenario("until decided, 2 arms, 9 subjects, 2, 5 and 30 %, <= 8 repeats", nine, uneven, 1)


def coverage_scenarios() -> Iterator[Scenario]:
    """Yield experiments whose intervals are compared with the truth."""
    for more in (0.0, MORE):
        for arms in (2, 3):
            what = f"{arms} arms, noise 5 %, 4 repeats, true difference {more:.0%}"
            yield Scenario(what, plan(arms, 4), _even(0.05, more=more))
        nine = plan(2, 4, ROUTES, LATENCIES_MS)
        yield Scenario(f"2 arms, 9 subjects, 2, 5 and 30 %, true difference {more:.0%}", nine, World(_by_route, more))


def plan(
    arms: int,
    repeats: int,
    routes: tuple[str, ...] = ("io_create",),
    latencies_ms: tuple[int, ...] = (0,),
    *,
    until_decided: bool = False,
) -> Experiment:
    """Return an experiment of so many arms, with an A/A pair as by default."""
    return Experiment(
        routes=routes,
        arms=tuple(map(Arm, SERVERS[:arms])),
        load=Load("RampTo500"),
        latencies_ms=latencies_ms,
        repeats=repeats,
        a_a_pairs=1,
        until_decided=until_decided,
    )


def _even(noise: float, *, more: float = 0.0, carry_over: float = 0.0, drift: Drift = steady) -> World:
    return World(lambda _trial: noise, more, carry_over, drift)


def _by_route(trial: Trial) -> float:
    return UNEVEN[trial.route]


def _bursty(trial: Trial) -> float:
    return 0.30 if trial.server == FIRST else 0.05


def _result(trial: Trial, per_s: float) -> Result:
    goodput = Goodput(per_s, None, None, 30, 30 + PLATEAU_S, 100, 0.0, 100.0, 200.0, 300.0)
    peak = (per_s, per_s)
    figures = Saturation(
        per_s, peak, 100, peak, int(per_s), peak, 0, None, None, (), goodput=goodput, is_saturated=True
    )
    return Result(trial, figures, "", {})


def _different(findings: Findings) -> list[str]:
    """Return the subjects in which some arms are called different."""
    compared = findings.comparisons.items()
    return [subject for subject, comparisons in compared if any(each.is_different for each in comparisons)]


def _power(repeats: int, least: float, experiments: int) -> Iterator[Goal]:
    for arms in (2, 3):
        scenario = Scenario("", plan(arms, repeats), _even(0.05, more=MORE))
        right = sum(_is_first_best(findings, "io_create") for findings in scenario.findings(4 * experiments))
        what = f"+15 % found at 5 % noise, {arms} arms, {repeats} repeats"
        yield Goal.share(what, right, 4 * experiments, at_least=least if arms == 2 else None)
    scenario = Scenario("", plan(2, repeats, ROUTES, LATENCIES_MS), World(_by_route, MORE))
    played = list(scenario.findings(experiments))
    for route in ("io_read", "io_create"):
        subjects = [subject for subject in played[0].subjects if subject.split()[0] == route]
        right = sum(_is_first_best(findings, subject) for findings in played for subject in subjects)
        what = f"+15 % found at {UNEVEN[route]:.0%} noise beside a route of 30 %, 9 subjects, {repeats} repeats"
        yield Goal.share(what, right, len(subjects) * experiments, at_least=least)


def _is_first_best(findings: Findings, subject: str) -> bool:
    """Return whether the arm that carries more is called different from the second best."""
    comparison = findings.comparisons[subject][0]
    return bool(comparison.is_different) and comparison.best.trial.server == FIRST


def _covers(findings: Findings, world: World) -> bool:
    """Return whether all intervals of an experiment hold the truth."""
    return all(
        each.estimate.low
        <= exp(world.truth(each.best.trial.server) - world.truth(each.other.trial.server))
        <= each.estimate.high
        for comparisons in findings.comparisons.values()
        for each in comparisons
        if each.estimate and each.estimate.low is not None and each.estimate.high is not None
    )


def _taken_back(experiments: int) -> Goal:
    """Return how many decisions the verdict at the end does not repeat, with and without a true difference."""
    scenarios = [*stopping_scenarios(), *stopping_scenarios(MORE)]
    kept, made = 0, 0
    for scenario in scenarios:
        for findings in scenario.findings(max(experiments // 4, 1)):
            shown = {
                (subject, each.best.trial.arm, each.other.trial.arm, each.estimate.low, each.estimate.high)
                for subject, comparisons in findings.comparisons.items()
                for each in comparisons
                if each.estimate and each.is_stored
            }
            made += len(findings.decisions)
            kept += sum((d.subject, d.best, d.other, d.low, d.high) in shown for d in findings.decisions)
    return Goal.share("decisions taken back later", made - kept, made, at_most=0.0)
