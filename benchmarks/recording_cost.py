"""What does recording cost, and does a day of it take memory? ``python benchmarks/recording.py``.

The recorder's time for a sample is set beside that of Locust's own statistics, on the same samples in turns. Then a
simulated day goes through recorder and history, and the memory after its second hour is set beside that at its end.
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

from locust_asyncdjango.metrics.history import History
from locust_asyncdjango.metrics.recorder import Recorder
from locust_asyncdjango.metrics.sample import Sample
from support.harness import run, spread

HOUR_S = 3600


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured."""

    rounds: int
    samples: int
    per_s: int


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what was found, and returns the exit code."""
    return run("recording", arguments, parse, measure)


def parse(arguments: Sequence[str] | None) -> Options:
    """The command line."""
    flags = argparse.ArgumentParser(description=__doc__)
    flags.add_argument("--rounds", type=int, default=7, help="of each (default: %(default)s)")
    flags.add_argument("--samples", type=int, default=50_000, help="in a round (default: %(default)s)")
    flags.add_argument("--per-second", type=int, default=20, help="samples of the simulated day (default: %(default)s)")
    given = flags.parse_args(arguments)
    return Options(given.rounds, given.samples, given.per_second)


def measure(options: Options, _folder: Path) -> None:
    """Both parts."""
    cost(options)
    day(options.per_s)


def cost(options: Options) -> None:
    """Microseconds of processor time a sample."""
    samples = made(options.samples)
    arms: dict[str, Callable[[], None]] = {
        "our recorder, to rows": lambda: recorded(samples),
        "Locust's statistics": lambda: counted(samples),
    }
    times: dict[str, list[float]] = {name: [] for name in arms}
    for turn in range(options.rounds):
        for name in sorted(arms, reverse=bool(turn % 2)):
            gc.collect()
            began = time.process_time()
            arms[name]()
            times[name].append((time.process_time() - began) / options.samples * 1e6)
    for name, found in times.items():
        print(f"{name:<24} {spread(found, 2)} us a sample")
    ours, locusts = (sorted(found)[len(found) // 2] for found in times.values())
    print(f"ratio ours / Locust's: {ours / locusts:.2f}")


def made(count: int) -> list[Sample]:
    """Five thousand a second, each of another latency, one in twenty a failure."""
    chance = random.Random(7)  # noqa: S311
    return [(1000 + n / 5000, "" if n % 20 else "timeout", chance.lognormvariate(3, 1), 300) for n in range(count)]


def recorded(samples: Sequence[Sample]) -> None:
    """As the plugin does it: taken once a second."""
    recorder, history, second = Recorder(1000), History(), 1001
    for sample in samples:
        if sample[0] >= second:
            for row in recorder.take(second):
                history.add(row)
            second += 1
        recorder.add(sample)
    recorder.take()


def counted(samples: Sequence[Sample]) -> None:
    """As Locust's own listener does it."""
    stats = RequestStats()
    for _, kind, ms, size in samples:
        stats.log_request("GET", "/", round(ms or 0), size)
        if kind:
            stats.log_error("GET", "/", kind)


def day(per_s: int) -> None:
    """Memory after two hours and after a day."""
    chance = random.Random(7)  # noqa: S311
    gc.collect()
    tracemalloc.start()
    recorder, history = Recorder(0), History()
    for t in range(24 * HOUR_S):
        for n in range(per_s):
            recorder.add((t + n / per_s, "" if n else "timeout", chance.lognormvariate(3, 1), 300))
        recorder.record_state(t + 0.5, 100, 10.0)
        for row in recorder.take(t + 1):
            history.add(row)
        if t + 1 in (2 * HOUR_S, 24 * HOUR_S):
            gc.collect()
            held, most = tracemalloc.get_traced_memory()
            print(f"after {(t + 1) // HOUR_S:>2} h: {held / 1e6:.2f} MB held, {most / 1e6:.2f} MB at most")
    tracemalloc.stop()


if __name__ == "__main__":
    sys.exit(main())
