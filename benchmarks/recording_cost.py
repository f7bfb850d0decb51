"""What do recording and figures cost, and does a long run take more memory? ``python benchmarks/recording_cost.py``.

The first part compares the recorder's time for a sample with that of Locust's own statistics, on the same samples, in
turns. The second part computes the figures of runs of some lengths, as the web UI and the terminal's panel do while a
run goes on. In the third part a simulated day goes through recorder and history. The memory after its second hour is
compared with the memory at its end.
"""

import argparse
import gc
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from locust.stats import RequestStats

from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.metrics.history import History
from locust_asyncdjango.metrics.recorder import Recorder
from locust_asyncdjango.metrics.row import Sample
from locust_asyncdjango.plugin.results import INTERVALS_PER_WAIT_S
from simulated.closed_loop import Server, exponential, ramp, simulate
from support.harness import run, spread

HOUR_S = 3600
FIGURES_OF_S = (120, 600, 3000)
"""Lengths of the runs whose figures are computed."""
NAMES = 10
"""Names of requests in a run with several."""


@dataclass(frozen=True, slots=True)
class Options:
    """How much the benchmark measures.

    per_s: samples a second of the simulated day.
    """

    rounds: int
    samples: int
    per_s: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the results, and return the exit code."""
    return run("recording_cost", arguments, parse, measure)


def parse(arguments: Sequence[str] | None) -> Options:
    """Return the options of a command line."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--rounds", type=int, default=7, help="of each (default: %(default)s)")
    flags.add_argument("--samples", type=int, default=50_000, help="in a round (default: %(default)s)")
    flags.add_argument("--per-second", type=int, default=20, help="samples of the simulated day (default: %(default)s)")
    parsed = flags.parse_args(arguments)
    return Options(parsed.rounds, parsed.samples, parsed.per_second)


def measure(options: Options, _folder: Path) -> None:
    """Print what a sample and the figures of a run cost in time, and what a long run costs in memory."""
    measure_time(options)
    for length_s in FIGURES_OF_S:
        measure_figures(length_s, options.rounds)
    measure_memory(options.per_s)


def measure_time(options: Options) -> None:
    """Print the microseconds of processor time that a sample takes."""
    samples, many = make_samples(options.samples), make_samples(options.samples, names=NAMES)
    arms: dict[str, Callable[[], None]] = {
        "our recorder, one name": lambda: record(samples),
        f"our recorder, {NAMES} names": lambda: record(many),
        "Locust's statistics": lambda: count_as_locust(samples),
    }
    times: dict[str, list[float]] = {name: [] for name in arms}
    for turn in range(options.rounds):
        for name in sorted(arms, reverse=bool(turn % 2)):
            gc.collect()
            began = time.process_time()
            arms[name]()
            times[name].append((time.process_time() - began) / options.samples * 1e6)
    for name, values in times.items():
        print(f"{name:<24} {spread(values, 2)} us a sample")
    *ours, locusts = (sorted(values)[len(values) // 2] for values in times.values())
    print(f"ratio ours / Locust's: {' and '.join(f'{each / locusts:.2f}' for each in ours)}")


def make_samples(count: int, names: int = 1) -> list[Sample]:
    """Return samples of 1000 requests a second, with different latencies; one in twenty is a failure."""
    chance = random.Random(7)  # noqa: S311
    return [
        (
            1000 + n / 1000,
            "" if n % 20 else "timeout",
            chance.lognormvariate(3, 1),
            300,
            f"GET /{n % names}/",
        )
        for n in range(count)
    ]


def record(samples: Sequence[Sample]) -> None:
    """Record samples as the plugin does, which takes the rows once a second."""
    recorder, history, end_s = Recorder(1000), History(), 1001
    for sample in samples:
        if sample[0] >= end_s:
            for row in recorder.take(end_s):
                history.add(row)
            end_s += 1
        recorder.add(sample)
    recorder.take()


def count_as_locust(samples: Sequence[Sample]) -> None:
    """Count samples as Locust's own listener does."""
    stats = RequestStats()
    for _, kind, ms, size, _ in samples:
        stats.log_request("GET", "/", round(ms or 0), size)
        if kind:
            stats.log_error("GET", "/", kind)


def measure_figures(length_s: int, rounds: int) -> None:
    """Print the milliseconds of processor time that the figures of a run take, and which share of the run that is.

    The run is a ramp to three times the users from which requests queue, and a hold.
    """
    series = simulate(Server(exponential(0.2), slots=20), ramp(100 / length_s, 60, length_s), seed=7)
    times = []
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        began = time.process_time()
        find_saturation(series.intervals, series.load_levels, total=series.total)
        times.append((time.process_time() - began) * 1000)
    gc.unfreeze()
    wait_s = max(length_s / INTERVALS_PER_WAIT_S, 1)
    share = sorted(times)[rounds // 2] / 1000 / wait_s
    print(f"the figures of {length_s:>4} s:    {spread(times, 1)} ms, every {wait_s:g} s: {share:.1%} of the time")


def measure_memory(per_s: int) -> None:
    """Print the memory after two hours and after a day. per_s: samples a second."""
    chance = random.Random(7)  # noqa: S311
    gc.collect()
    tracemalloc.start()
    recorder, history = Recorder(0), History()
    for t in range(24 * HOUR_S):
        for n in range(per_s):
            recorder.add((t + n / per_s, "" if n else "timeout", chance.lognormvariate(3, 1), 300, "GET /"))
        recorder.record_state(t + 0.5, 100, 10.0)
        for row in recorder.take(t + 1):
            history.add(row)
        if t + 1 in (2 * HOUR_S, 24 * HOUR_S):
            gc.collect()
            now, peak = tracemalloc.get_traced_memory()
            print(f"after {(t + 1) // HOUR_S:>2} h: {now / 1e6:.2f} MB in use, {peak / 1e6:.2f} MB at most")
    tracemalloc.stop()


if __name__ == "__main__":
    sys.exit(main())
