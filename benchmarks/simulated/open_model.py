"""Whether an open model's arrivals are the same from 1, 8 and 32 processes, and what an overloaded run says.

By the project's own schedule of arrivals and its own percentiles. The server is simulated: requests wait in one queue
and are served one after another, so that every latency is known.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from heapq import merge
from itertools import takewhile
from math import ceil, sqrt
from random import Random
from statistics import fmean, stdev

from locust_asyncdjango.analysis.saturation.due_latency import find_due_latency
from locust_asyncdjango.load.arrival_schedule import ArrivalPlan
from locust_asyncdjango.metrics.histogram import rounded_ms
from locust_asyncdjango.metrics.plural import counted
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.statistics import normal_z, percentile
from simulated.goals import Goal

PROCESSES = (1, 8, 32)
KINDS = ("poisson", "uniform")
RUN_S = 60.0
PER_S = 100.0
LOAD = 0.9
"""The share of its time in which the simulated server is busy."""
BIN_S = 0.1
OVERLOAD_PER_S = 120.0
OVERLOAD_USERS = 500
"""Users of the overloaded run: so many requests are in flight at its end, and all others have not begun."""
ROUNDING = 1.001
"""Latencies are counted with an error of 0.05 %."""

Service = Callable[[Random], float]
"""Returns the seconds that a request takes to be served."""
SERVICES: dict[str, Service] = {
    "constant": lambda _: LOAD / PER_S,
    "exponential": lambda chance: chance.expovariate(PER_S / LOAD),
}


def simulate(experiments: int) -> Iterator[Goal]:
    """Yield how even the arrivals are, p99 by number of processes, and an overloaded run's percentiles."""
    runs = max(experiments // 2, 10)
    for kind in KINDS:
        yield from _dispersion_goals(kind, runs)
    for name, service in SERVICES.items():
        for kind in KINDS:
            yield from _p99_goals(f"p99 at load {LOAD}, {name} service, {kind} arrivals", kind, service, runs)
    yield from _overload_goals(runs)


def arrivals(kind: str, per_s: float, processes: int, seed: int) -> list[float]:
    """Return when requests of all processes together are due, in seconds, in order."""
    plans = [ArrivalPlan([(0.0, per_s)], kind, number, processes) for number in range(processes)]
    return list(merge(*(_until_end(plan.due_times(_chance(seed, plan.number))) for plan in plans)))


def latencies_s(due: list[float], service: Service, chance: Random) -> list[float]:
    """Return how long each request takes from when it is due, on a server that serves one at a time."""
    free_s, latencies = 0.0, []
    for time_s in due:
        free_s = max(free_s, time_s) + service(chance)
        latencies.append(free_s - time_s)
    return latencies


def _chance(*seed: object) -> Random:
    return Random(" ".join(map(str, seed)))  # noqa: S311


def _until_end(times: Iterator[float]) -> Iterator[float]:
    return takewhile(lambda time_s: time_s < RUN_S, times)


def _dispersion_goals(kind: str, runs: int) -> Iterator[Goal]:
    low, high = {"poisson": (0.95, 1.05), "uniform": (0.0, 0.1)}[kind]
    for processes in PROCESSES:
        value = fmean(_dispersion(arrivals(kind, PER_S, processes, seed)) for seed in range(runs))
        what = f"{kind} arrivals of {counted(processes, 'worker')}: variance/mean of counts in {BIN_S:g} s"
        yield Goal(what, f"{value:.2f}", f"{low:g}-{high:g}", low <= value <= high)


def _dispersion(times: list[float]) -> float:
    counts = Counter(int(time_s / BIN_S) for time_s in times)
    bins = round(RUN_S / BIN_S)
    mean = len(times) / bins
    return sum((counts[n] - mean) ** 2 for n in range(bins)) / bins / mean


def _p99_goals(what: str, kind: str, service: Service, runs: int) -> Iterator[Goal]:
    """Yield p99 of each number of processes: equal if a 95 % interval of the difference from one process has 0."""
    z = normal_z(0.05 / (len(PROCESSES) - 1))
    reference: list[float] = []
    for processes in PROCESSES:
        p99s = [_p99_ms(kind, service, processes, 1000 * processes + run) for run in range(runs)]
        reference = reference or p99s
        error = sqrt((stdev(p99s) ** 2 + stdev(reference) ** 2) / runs)
        is_equal = abs(fmean(p99s) - fmean(reference)) <= z * error
        text = f"{fmean(p99s):.0f} ms (standard error {stdev(p99s) / sqrt(runs):.1f})"
        if processes == PROCESSES[0]:
            yield Goal(f"{what}, 1 process", text)
        else:
            yield Goal(f"{what}, {processes} processes", text, "equal within noise", is_equal)


def _p99_ms(kind: str, service: Service, processes: int, seed: int) -> float:
    latencies = latencies_s(arrivals(kind, PER_S, processes, seed), service, _chance("service", seed))
    return percentile(Counter(1000 * each for each in latencies), Fraction(99))


def _overload_goals(runs: int) -> Iterator[Goal]:
    """Yield how often the percentiles of an overloaded run contain those of all that was due."""
    contained = wrong = 0
    text = ""
    for seed in range(runs):
        due = arrivals("poisson", OVERLOAD_PER_S, 1, seed)
        latencies = latencies_s(due, lambda _: 1 / PER_S, _chance(seed))
        figures = find_due_latency(overloaded_run(due, latencies))
        assert figures is not None, "requests were missed"  # noqa: S101
        truth = sorted(1000 * each for each in latencies)
        for percent, (low, high) in ((50, figures.p50_ms), (95, figures.p95_ms), (99, figures.p99_ms)):
            true_ms = truth[ceil(percent * len(truth) / 100) - 1]
            contained += low / ROUNDING <= true_ms <= (high or true_ms) * ROUNDING
        answered = Counter(1000 * each for time_s, each in zip(due, latencies, strict=True) if time_s + each <= RUN_S)
        wrong += percentile(answered, Fraction(50)) < truth[len(truth) // 2] / 1.1
        low_ms, high_ms = figures.p50_ms
        text = f"the last run: p50 {low_ms:.0f}-{high_ms or 0:.0f} ms, of all due {truth[len(truth) // 2]:.0f} ms"
    name = f"overload {OVERLOAD_PER_S:g}/{PER_S:g}"
    yield Goal.share(
        f"{name}: corrected p50, p95 and p99 contain those of all due ({text})", contained, 3 * runs, at_least=1
    )
    yield Goal.share(f"{name}: p50 of the answered requests is more than 10 % too low", wrong, runs)


def overloaded_run(due: list[float], latencies: list[float]) -> Row:
    """Return a whole run in one row: answered requests, those in flight at its end, and those that never began."""
    total = Row(round(RUN_S))
    waits_ms = []
    for time_s, latency_s in zip(due, latencies, strict=True):
        if time_s + latency_s <= RUN_S:
            total.ok += 1
            total.ok_ms[rounded_ms(1000 * latency_s)] += 1
        else:
            waits_ms.append(rounded_ms(1000 * (RUN_S - time_s)))
    total.cut_off_ms = Counter(waits_ms)
    total.in_flight = min(len(waits_ms), OVERLOAD_USERS)
    total.missed = len(waits_ms) - total.in_flight
    return total
