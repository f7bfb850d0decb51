"""Goodput on the plateau: how far its mean is off, and how often its interval covers the truth.

Start reading at ``simulate``. The truth is the rate of the series; of a closed loop it is what the server's slots can
carry, or what its users can request.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from math import exp, sqrt
from random import Random
from statistics import fmean

from locust_asyncdjango.analysis.saturation import Goodput, find_warm_up
from locust_asyncdjango.analysis.saturation.plateau import find_goodput
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import Series
from simulated.closed_loop import Server, constant, exponential, lognormal, ramp
from simulated.closed_loop import simulate as simulate_loop
from simulated.goals import Goal

LENGTHS_S = (12, 30, 60, 120, 180)
RATES = (1.0, 10.0, 100.0, 1000.0)
COVERED_FROM_S = 60
"""Plateaus from this length on have the goal of all intervals; shorter ones have a lower one, or no interval."""
LARGEST_BIAS = 0.01
CLIMB_S = 10
NORMAL_FROM = 60.0
"""From this mean on, Poisson counts are drawn from the normal distribution."""
MOST_RUNS = 40
"""Experiments of whole simulated runs, which take seconds each."""

Noise = Callable[[Random, float, int], list[float]]
"""Returns the requests of so many seconds. Called with the mean of a second."""


def simulate(experiments: int) -> Iterator[Goal]:
    """Yield the lines of the table."""
    for name, noise in NOISES.items():
        for length_s in LENGTHS_S:
            yield from _plateaus(name, noise, length_s, experiments)
    for rate in RATES:
        yield _bias_of_rate(rate, experiments)
    for name, (server, users, per_s) in LOOPS.items():
        yield from _closed_loops(name, server, users, per_s, min(experiments, MOST_RUNS))


def poisson(chance: Random, mean: float, seconds: int) -> list[float]:
    """Return the requests of each second, where they come independently of each other (Poisson)."""
    return [float(_poisson(chance, mean)) for _ in range(seconds)]


def correlated(share: float, correlation: float) -> Noise:
    """Return counts of which each resembles the one before. share: their standard deviation, of the mean."""

    def noise(chance: Random, mean: float, seconds: int) -> list[float]:
        deviation, counts = chance.gauss(0, share), []
        for _ in range(seconds):
            counts.append(max(mean * (1 + deviation), 0.0))
            deviation = correlation * deviation + sqrt(1 - correlation**2) * chance.gauss(0, share)
        return counts

    return noise


def modulated(share: float, correlation: float) -> Noise:
    """Return Poisson counts whose mean is itself correlated noise."""

    def noise(chance: Random, mean: float, seconds: int) -> list[float]:
        return [float(_poisson(chance, each)) for each in correlated(share, correlation)(chance, mean, seconds)]

    return noise


NOISES: dict[str, Noise] = {
    "Poisson": poisson,
    "independent noise of 8 %": correlated(0.08, 0.0),
    "noise of 8 %, lag-1 0.8": correlated(0.08, 0.8),
    "noise of 15 %, lag-1 0.7": correlated(0.15, 0.7),
    "Poisson, its mean with noise of 8 %, lag-1 0.8": modulated(0.08, 0.8),
}

LOOPS: dict[str, tuple[Server, int, float]] = {
    "1 slot of 8 ms, 100 users": (Server(lognormal(0.008, 0.1), 1), 100, 125.0),
    "1 slot of 0.7 s, 500 users": (Server(lognormal(0.7, 0.1), 1), 500, 1 / 0.7),
    "1 slot of exactly 1 s, 20 users": (Server(constant(1.0), 1), 20, 1.0),
    "20 users who are never queued, 1 s each": (Server(exponential(1.0)), 20, 20 / 1.0005),
    "50 slots of 0.2 s, 200 users": (Server(exponential(0.2), 50), 200, 250.0),
}
"""Servers, with the users of a ramp, and the requests a second that they carry."""


def _plateaus(name: str, noise: Noise, length_s: int, experiments: int) -> Iterator[Goal]:
    """Yield how often intervals cover 100 requests a second, and the bias, of plateaus of one length."""
    measured = [_goodput(noise, 100.0, length_s, seed) for seed in range(experiments)]
    what = f"plateau of {length_s} s, {name}"
    yield _bias(what, [each.per_s / 100.0 for each in measured])
    if (count := sum(each.low is not None for each in measured)) and count < experiments:
        raise AssertionError("plateaus of the same length differ in whether they have an interval")
    if count:
        covered = sum((each.low or 0.0) <= 100.0 <= (each.high or 0.0) for each in measured)
        least, most = (0.93, 0.98) if length_s >= COVERED_FROM_S else (0.88, None)
        yield Goal.share(f"{what}: interval covers", covered, experiments, at_least=least, at_most=most)


def _goodput(noise: Noise, per_s: float, length_s: int, seed: int) -> Goodput:
    """Return the goodput of a ramp with a plateau of this length. All requests are answered at once."""
    chance = Random(seed)  # noqa: S311
    users = [10 * (t + 1) for t in range(CLIMB_S)] + [10 * CLIMB_S] * (length_s + 1)
    counts = [round(count) for count in noise(chance, per_s, len(users))]
    counts[-1] = round(counts[-1] * chance.random())  # the last second is not whole
    rows = [Row(t, users[t], n, ok_ms=Counter({5.0: n}) if n else Counter()) for t, n in enumerate(counts)]
    series = Series.from_rows({}, rows)
    goodput = find_goodput(series.intervals, series.load_levels, find_warm_up(series.intervals))
    if goodput is None or not goodput.is_plateau or goodput.end_s - goodput.begin_s != length_s:
        raise AssertionError(f"a plateau of {length_s} s was not recognized: {goodput}")
    return goodput


def _bias_of_rate(per_s: float, experiments: int) -> Goal:
    """Return the bias at a rate. At a low one there are more experiments, as there are few requests in each."""
    count = round(experiments * max(10 / per_s, 1))
    ratios = [_goodput(poisson, per_s, 12, seed).per_s / per_s for seed in range(count)]
    return _bias(f"plateau of 12 s, {per_s:g} requests a second, Poisson", ratios)


def _closed_loops(name: str, server: Server, users: int, per_s: float, experiments: int) -> Iterator[Goal]:
    """Yield bias and coverage of whole runs: users climb in 20 s, and stay for 80 s."""
    measured = []
    for seed in range(experiments):
        series = simulate_loop(server, ramp(users / 20, users, 100), seed)
        measured.append(find_goodput(series.intervals, series.load_levels, find_warm_up(series.intervals)))
    goodputs = [each for each in measured if each]
    yield _bias(f"{name}", [each.per_s / per_s for each in goodputs])
    covered = sum((each.low or 0.0) <= per_s <= (each.high or 0.0) for each in goodputs)
    yield Goal.share(f"{name}: interval covers", covered, experiments, at_least=0.93)


def _bias(what: str, ratios: list[float]) -> Goal:
    """Return the line of a bias, which is met if it is not above its goal by more than chance."""
    bias = fmean(ratios) - 1
    error = sqrt(fmean([(ratio - 1 - bias) ** 2 for ratio in ratios]) / len(ratios))
    return Goal(f"{what}: bias", f"{bias:+.2%} +- {2 * error:.2%}", "<= 1 %", abs(bias) <= LARGEST_BIAS + 2 * error)


def _poisson(chance: Random, mean: float) -> int:
    if mean > NORMAL_FROM:
        return max(round(chance.gauss(mean, sqrt(mean))), 0)
    limit, product, count = exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count
