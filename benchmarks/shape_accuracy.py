"""Check that loads follow their shapes, and that shapes find planted values: ``python benchmarks/shape_accuracy.py``.

It has four parts, which ``--only`` chooses:

- planned: compares planned and running users of each shape, without workers and with two workers.
- spawning: measures how long requests of two workers take while users climb, with Locust's own spawn messages and with
  ours.
- open: measures a server that stands still for two seconds in an open and in a closed model.
- breakpoint: searches for the users that a server of a known capacity carries.

``--keep DIR`` keeps the series, and the charts that docs/shapes.md shows.
"""

import os
import re
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from locust_asyncdjango.lab.commands.arguments import Parser
from locust_asyncdjango.lab.environment.process import free_port, python, running
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.metrics import series_file
from locust_asyncdjango.metrics.interval import PERCENTILES, Interval
from locust_asyncdjango.metrics.statistics import percentiles
from sites.planted_site import STALL_S
from support.harness import add_parts, run_parts
from support.planted_sites import planted_site
from support.svg_chart import Points, svg_chart

HERE = Path(__file__).resolve().parent
DEADLINE_S = 360
"""How long a run may take. A search for a breakpoint takes the longest."""
SHORT = {
    "RampTo500": "RampTo500:peak=200,rate=10,length=30",
    "RampTo100": "RampTo100",
    "Ramp": "Ramp:peak=150,rate=10,hold=15",
    "Steps": "Steps:peak=150,levels=5,hold=5",
    "Spike": "Spike:peak=200,base=20,before=10,hold=10,after=10",
    "Soak": "Soak:hold=30",
    "RampDown": "RampDown:peak=100,hold=10",
    "Sawtooth": "Sawtooth:peak=100,teeth=2,rest=5",
    "Stages": "Stages:plan=10s:100/10s:100/5s:20/5s:20",
    "ArrivalRate": "ArrivalRate:peak=200,rate=40,climb=10,hold=15",
    "Breakpoint": "Breakpoint:peak=40,rate=10,settle=1,hold=3",
}
"""For each shape, parameters with which it takes about half a minute."""
STEADY = "Ramp:peak=1,rate=1,hold=29"
OPEN = "ArrivalRate:peak=300,rate=100,climb=1,hold=29"
CLIMB = "Ramp:peak=300,rate=10,hold=1"
CAPACITY = 40
SERVICE_MS = 100
"""The planted capacity of the server of the part breakpoint: users, and milliseconds for each request."""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line. runs: repetitions of the parts breakpoint and spawning. keep: folder for what is recorded."""

    only: tuple[str, ...]
    runs: int
    keep: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print what was measured next to what was planted, and return the exit code."""
    return run_parts("shape_accuracy", arguments, parse_options, PARTS)


def parse_options(arguments: Sequence[str] | None) -> Options:
    """Return the options of a command line. Raise UsageError."""
    flags = Parser(prog="shape_accuracy", description=__doc__)
    add_parts(flags, PARTS)
    flags.add_argument("--runs", type=int, default=5, help="runs of breakpoint and spawning (default: %(default)s)")
    options = Options(**vars(flags.parse_args(arguments)))
    if options.runs < 1:
        raise UsageError("--runs must be 1 or more")
    return options


def measure_planned(_options: Options, folder: Path) -> None:
    """Compare planned and running users of each shape."""
    for name, shape in SHORT.items():
        for workers in (0, 2):
            with planted_site("slots", 50, 20, folder / "site.log") as url:
                intervals = load(url, shape, folder / f"{name}-{workers}", workers=workers).intervals
            setup = f"{workers} workers" if workers else "without workers"
            same_second, near_second = largest_differences(intervals)
            differences = f"largest difference {same_second:+d} users, {near_second:+d} from the seconds around"
            print(f"planned: {shape} {setup}: {differences}", flush=True)
            draw_users(folder / f"{name}-{workers}.svg", f"{name}, {setup}", intervals)


def largest_differences(intervals: Sequence[Interval]) -> tuple[int, int]:
    """Return the largest differences between running and planned users, with their signs.

    The first compares the same second. The second compares with everything that was planned from one second before to
    one second after. The last second is left out, because nobody knows what comes after it.
    """
    pairs = [(interval.users, interval.planned) for interval in intervals if interval.planned is not None]
    same_second = [users - planned for users, planned in pairs]
    near_second = []
    for n, (users, _) in enumerate(pairs):
        near = [planned for _, planned in pairs[max(n - 1, 0) : n + 2]]
        near_second.append(users - min(max(users, min(near)), max(near)))
    return max(same_second[:-1], key=abs), max(near_second[:-1], key=abs)


def draw_users(file: Path, title: str, intervals: Sequence[Interval]) -> None:
    """Write a chart of planned and running users over time."""
    planned = [(interval.t, interval.planned) for interval in intervals if interval.planned is not None]
    lines = {"planned": planned, "running": [(interval.t, interval.users) for interval in intervals]}
    file.write_text(svg_chart(title, "seconds", "users", lines))


def measure_spawning(options: Options, folder: Path) -> None:
    """Measure latencies while users climb, with Locust's spawn messages and with ours, in turns."""
    p99s_ms: dict[str, list[float]] = {"locust": [], "ours": []}
    for number in range(options.runs):
        for dispatcher in ("locust", "ours") if number % 2 else ("ours", "locust"):
            with planted_site("linear", 1, 100, folder / "site.log") as url:
                file = folder / f"spawning-{dispatcher}-{number}"
                series = load(url, CLIMB, file, workers=2, env={"PLANTED_DISPATCHER": dispatcher})
            p50, _, p99 = percentiles(series.total.ok_ms, PERCENTILES)
            p99s_ms[dispatcher].append(p99)
            print(f"spawning: with {dispatcher}: p50 {p50:.0f} ms, p99 {p99:.0f} ms of 100", flush=True)
    ours, locusts = (statistics.median(p99s_ms[name]) for name in ("ours", "locust"))
    ratio = f"{locusts / ours:.2f} times as long"
    print(f"spawning: p99 {locusts:.0f} ms with Locust's messages, {ours:.0f} ms with ours: {ratio}")


def measure_open_model(_options: Options, folder: Path) -> None:
    """Measure a server that stands still in an open and in a closed model."""
    lines = {}
    for name, shape in (("closed", STEADY), ("open", OPEN)):
        with planted_site("stalls", 100, 10, folder / "site.log") as url:
            series = load(url, shape, folder / name)
        p50, p95, p99 = percentiles(series.total.ok_ms, PERCENTILES)
        late = sum(interval.late for interval in series.intervals)
        missed = sum(interval.missed for interval in series.intervals)
        latencies = f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms of {series.total.ok} requests"
        print(f"{name}: {latencies}; {late} began late, {missed} never", flush=True)
        lines[f"{name} model"] = latency_by_percent(series)
    title = f"Latency of a server that stands still for {STALL_S:g} of 30 seconds"
    (folder / "open.svg").write_text(svg_chart(title, "per cent of requests", "ms", lines))
    print(f"open: on average {STALL_S / 30:.1%} of the requests that are due are due while it stands still")


def latency_by_percent(series: series_file.Series) -> Points:
    """Return for each per cent the milliseconds that the fastest so many per cent of all successes took at most."""
    percents = [Fraction(tenths, 10) for tenths in (*range(10, 1000, 10), *range(991, 1000))]
    latencies = percentiles(series.total.ok_ms, percents)
    return [(float(percent), ms) for percent, ms in zip(percents, latencies, strict=True)]


def measure_breakpoint(options: Options, folder: Path) -> None:
    """Search several times for the users that a server carries, and count how often the answer is right."""
    right = 0
    for number in range(options.runs):
        with planted_site("slots", CAPACITY, SERVICE_MS, folder / "site.log") as url:
            file = folder / f"breakpoint-{number}"
            draw_users(file.with_suffix(".svg"), "Breakpoint, without workers", load(url, "Breakpoint", file).intervals)
        answer = re.search(r"carries (\d+) users.*", file.with_suffix(".log").read_text())
        if not answer:
            raise TrialError(f"Breakpoint gave no answer; its log is {file.with_suffix('.log')}")
        right += abs(int(answer[1]) / CAPACITY - 1) <= 0.05
        print(f"breakpoint: {answer[0]}; planted {CAPACITY}", flush=True)
    print(f"breakpoint: {right} of {options.runs} within 5 %")


def load(
    url: str, shape: str, file: Path, *, workers: int = 0, env: dict[str, str] | None = None
) -> series_file.Series:
    """Run Locust with a shape, and return the series. Raise TrialError.

    file: path of the series and of the log, without their suffixes.
    """
    path, port = file.with_suffix(".jsonl"), str(free_port())
    argv = [*python("-m", "locust"), "-f", str(HERE / "users" / "planted_users.py"), "--headless", "-H", url]
    argv += ["--shape", shape, "--series", str(path), "--live", "none"]
    if workers:
        argv += ["--processes", str(workers), "--master-bind-port", port, "--master-port", port]
    with running(argv, log=file.with_suffix(".log"), env={**os.environ, **(env or {})}) as program:
        if program.wait(DEADLINE_S) not in (0, 1):
            raise TrialError(f"Locust failed: {program.last_log_line()}")
    return series_file.read(path)


PARTS: dict[str, Callable[[Options, Path], None]] = {
    "planned": measure_planned,
    "spawning": measure_spawning,
    "open": measure_open_model,
    "breakpoint": measure_breakpoint,
}

if __name__ == "__main__":
    sys.exit(main())
