"""How often slowdown, errors, knee and the Universal Scalability Law are right about simulated runs of known truth.

All servers are small, so that a run is simulated in a tenth of a second: 20 slots of 200 ms carry 100 requests
a second.
"""

from collections.abc import Callable, Iterator
from random import Random

from locust_asyncdjango.analysis.saturation import Onset, Saturation, find_saturation
from locust_asyncdjango.lab.analysis.knee import find_knee
from locust_asyncdjango.lab.analysis.scalability import fit_scalability
from locust_asyncdjango.metrics.interval import Interval
from simulated.closed_loop import (
    Draw,
    Load,
    Server,
    Speed,
    bimodal,
    cycling,
    drifting,
    exponential,
    fails_beyond,
    fails_by_chance,
    lognormal,
    pauses,
    ramp,
    slower_from,
    steady,
)
from simulated.closed_loop import (
    simulate as simulate_run,
)
from simulated.goals import Goal

SLOTS, SERVICE_S = 20, 0.2
COVERED, FALSE = 0.93, 0.05
SERVICES: dict[str, Draw] = {
    "nearly constant service": lognormal(SERVICE_S, 0.1),
    "exponential service": exponential(SERVICE_S),
    "log-normal service, sigma 1": lognormal(SERVICE_S, 1.0),
    "one request in ten 41 times as long": bimodal(SERVICE_S, 0.1, 41),
    "half of the requests ten times as long": bimodal(SERVICE_S, 0.45, 10),
}
SLOW_RAMP, FAST_RAMP = ramp(1.25, 50, 45), ramp(12, 120, 20)
FLAT_RAMP = ramp(1, 60, 60)
HOLD = ramp(2, 40, 60)
ONE_SLOT_RAMPS = {5: (100, 30), 10: (100, 30), 20: (100, 30), 50: (500, 12), 100: (500, 20)}
"""By users a second: the peak and the seconds of the run."""
ONE_SLOT_S = (0.007, 0.1, 0.7)

Runs = Callable[[int], list[Interval]]
"""Returns the seconds of the run with a number."""


def simulate(experiments: int) -> Iterator[Goal]:
    """Yield the lines of the table."""
    yield from check_model()
    yield from slowdowns(experiments)
    yield from one_slot(experiments)
    yield from false_slowdowns(experiments)
    yield from errors(experiments)
    yield from knees(experiments)


def runs_of(server: Server, load: Load) -> Runs:
    """Return runs of a server under a load; the number of a run is its seed."""
    return lambda seed: list(simulate_run(server, load, seed).intervals)


def runs_at_speed(speed: Callable[[Random], Speed], load: Load) -> Runs:
    """Return runs of a server without a queue whose speed is drawn by chance for each run."""

    def run(seed: int) -> list[Interval]:
        chosen = speed(Random(seed))  # noqa: S311
        return list(simulate_run(Server(exponential(SERVICE_S), speed=chosen), load, seed).intervals)

    return run


def check_model() -> Iterator[Goal]:
    """Compare the simulated throughput with the formula of finitely many users and some slots (M/M/c//N)."""
    users, slots, service_s, think_s, length_s = 30, 5, 0.1, 0.4, 400
    load = Load((users,) * length_s, exponential(think_s))
    series = simulate_run(Server(exponential(service_s), slots), load)
    rate = sum(interval.ok for interval in series.intervals[20:]) / (length_s - 20)
    weights = [1.0]
    for n in range(1, users + 1):
        weights.append(weights[-1] * (users - n + 1) / think_s * service_s / min(n, slots))
    busy = sum(min(n, slots) * weight for n, weight in enumerate(weights)) / sum(weights)
    exact = busy / service_s
    near = abs(rate / exact - 1) <= 0.02
    yield Goal("the model: 30 users, 5 slots, requests a second", f"{rate:.1f}, exact {exact:.1f}", "within 2 %", near)


def slowdowns(experiments: int) -> Iterator[Goal]:
    """Yield how often the interval of the slowdown covers the truth."""
    for name, service in SERVICES.items():
        yield covered(f"slowdown, slow ramp, {name}", runs_of(Server(service, SLOTS), SLOW_RAMP), SLOTS, experiments)
    for name in ("nearly constant service", "exponential service"):
        yield covered(
            f"slowdown, fast ramp, {name}", runs_of(Server(SERVICES[name], SLOTS), FAST_RAMP), SLOTS, experiments
        )
    processors = Server(lognormal(SERVICE_S, 0.1), cpu=exponential(SERVICE_S / (SLOTS - 1)))
    yield covered("slowdown, slow ramp, a shared processor", runs_of(processors, SLOW_RAMP), SLOTS, experiments)
    up_and_down = ramp(1.25, 50, 80, down_s=40)
    runs = runs_of(Server(SERVICES["exponential service"], SLOTS), up_and_down)
    yield covered("slowdown, up and down", runs, SLOTS, experiments)


def covered(what: str, runs: Runs, truth: int, experiments: int, at_least: float = COVERED) -> Goal:
    """Return how often a slowdown is found whose interval covers the truth."""
    onsets = [find_saturation(runs(seed)).slowdown for seed in range(experiments)]
    return Goal.share(what, sum(covers(onset, truth) for onset in onsets), experiments, at_least=at_least)


def covers(onset: Onset | None, truth: int) -> bool:
    """Return whether there is an onset whose interval covers the truth."""
    return onset is not None and onset.low <= truth <= onset.high


def one_slot(experiments: int) -> Iterator[Goal]:
    """Yield how often the slowdown of a server with one slot is found on ramps of some steepness, and where."""
    for per_s, (peak, length_s) in ONE_SLOT_RAMPS.items():
        load = ramp(per_s, peak, length_s)
        onsets = [
            find_saturation(runs_of(Server(lognormal(ONE_SLOT_S[seed % 3], 0.1), 1), load)(seed)).slowdown
            for seed in range(experiments)
        ]
        what = f"slowdown of one slot, {per_s} users a second"
        yield Goal.share(f"{what}: covered", sum(covers(onset, 1) for onset in onsets), experiments, at_least=0.95)
        missed = sum(onset is None for onset in onsets)
        yield Goal.share(f'{what}: "never slowed down"', missed, experiments, at_most=0.0)


def false_slowdowns(experiments: int) -> Iterator[Goal]:
    """Yield how often a slowdown is found where requests never queue."""
    for name, service in SERVICES.items():
        yield falsely_slow(f"no queue, {name}", runs_of(Server(service), FLAT_RAMP), experiments)
    for name, speed, load in disturbances():
        yield falsely_slow(f"no queue, {name}", runs_at_speed(speed, load), experiments)


def disturbances() -> Iterator[tuple[str, Callable[[Random], Speed], Load]]:
    """Yield what makes a server slower with time, and the load under which it does."""
    length_s = len(FLAT_RAMP.users)
    yield "slower and slower, 1.5 to 3 times", lambda chance: drifting(length_s, chance.uniform(1.5, 3)), FLAT_RAMP
    yield "the same, with a hold", lambda chance: drifting(length_s, chance.uniform(1.5, 3)), HOLD
    yield "late drift, with a hold", late_drift, HOLD
    yield "a neighbour on the machine", neighbour, FLAT_RAMP
    yield "the same, with a hold", neighbour, HOLD
    yield "one pause of 1 to 5 s", one_pause, FLAT_RAMP
    yield "a daily cycle", daily_cycle, FLAT_RAMP
    yield "the same, with a hold", daily_cycle, HOLD


def late_drift(chance: Random) -> Speed:
    """Return a server that slows down with time from a random moment on, to two to four times."""
    begin_s, factor = chance.uniform(25, 45), chance.uniform(2, 4)
    return lambda t: 1 / (1 + (factor - 1) * max(t - begin_s, 0) / (60 - begin_s))


def neighbour(chance: Random) -> Speed:
    """Return a server that is suddenly slower for the rest of the run."""
    return slower_from(chance.uniform(15, 50), chance.uniform(1.6, 3))


def one_pause(chance: Random) -> Speed:
    """Return a server that stops once."""
    begin_s = chance.uniform(5, 55)
    return pauses((begin_s, begin_s + chance.uniform(1, 5)))


def daily_cycle(chance: Random) -> Speed:
    """Return the speed of a cycle as long as the run, from a random phase on."""
    phase_s = chance.uniform(0, 60)
    cycle = cycling(60, 0.6)
    return lambda t: cycle(t + phase_s)


def falsely_slow(what: str, runs: Runs, experiments: int) -> Goal:
    """Return how often a slowdown is found and not called unconfirmed."""
    onsets = [find_saturation(runs(seed)).slowdown for seed in range(experiments)]
    false = sum(onset is not None and not onset.doubt for onset in onsets)
    return Goal.share(f"false slowdown: {what}", false, experiments, at_most=FALSE)


def errors(experiments: int) -> Iterator[Goal]:
    """Yield how often errors by chance are called a breaking, and how often a breaking is found where it is."""
    for share in (1e-5, 1e-4, 1e-3):
        server = Server(exponential(0.05), fails=fails_by_chance(share))
        found = [find_saturation(runs_of(server, FLAT_RAMP)(seed)) for seed in range(experiments)]
        broke = sum(figures.errors is not None for figures in found)
        yield Goal.share(f"false breaking: {share:.3%} fail by chance", broke, experiments, at_most=FALSE)
    always = runs_of(Server(exponential(SERVICE_S), fails=fails_by_chance(0.1)), FLAT_RAMP)
    called = sum(is_always(find_saturation(always(seed))) for seed in range(experiments))
    yield Goal.share('10 % fail at every load: "fails always"', called, experiments, at_least=0.95)
    for share, base in ((1.0, 0.0), (0.3, 1e-3), (0.05, 1e-3), (0.3, 0.1)):
        server = Server(exponential(SERVICE_S), fails=fails_beyond(30, share, base=base))
        found = [find_saturation(runs_of(server, FLAT_RAMP)(seed)) for seed in range(experiments)]
        right = sum(covers(figures.errors, 30) for figures in found)
        what = f"breaking at 30 users: {share:.0%} fail beyond, {base:.1%} below"
        yield Goal.share(what, right, experiments, at_least=COVERED)


def is_always(figures: Saturation) -> bool:
    """Return whether a run is said to fail at every load."""
    return figures.errors is None and (figures.fails_always or bool(figures.always_failing))


def knees(experiments: int) -> Iterator[Goal]:
    """Yield how often a knee is found where there is none, and where there is one; and whether the law is fitted."""
    for name, speed in (("a daily cycle", daily_cycle), ("one pause", one_pause), ("no disturbance", lambda _: steady)):
        runs = runs_at_speed(speed, FLAT_RAMP)
        false = sum(find_knee(runs(seed)).users is not None for seed in range(experiments))
        yield Goal.share(f"false knee: {name}", false, experiments, at_most=FALSE)
    runs, near = runs_of(Server(exponential(SERVICE_S), SLOTS), SLOW_RAMP), 0
    for seed in range(experiments):
        knee = find_knee(runs(seed))
        near += knee.low is not None and knee.high is not None and knee.low <= SLOTS <= knee.high
    yield Goal.share("knee of 20 slots: covered", near, experiments, at_least=0.8)
    chance = runs_of(Server(exponential(0.1), SLOTS, fails=fails_by_chance(1e-3)), SLOW_RAMP)
    fitted = sum(fit_scalability(chance(seed)) is not None for seed in range(experiments))
    yield Goal.share("Universal Scalability Law fitted, 0.1 % fail by chance", fitted, experiments, at_least=0.95)
