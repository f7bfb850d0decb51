"""Are shapes held, and do they find what is known to be there? ``python benchmarks/shapes_held.py``.

- planned: users planned beside users that ran, of each shape, alone and with two workers.
- spawning: how long requests of two workers take while users climb, by Locust's own spawn messages and by ours.
- open: a server that stands still for two seconds, seen by an open and by a closed model.
- breakpoint: the users that a server of a known capacity carries.

``--keep DIR`` keeps the series, and the pictures of users planned and running that docs/shapes.md shows.
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
from support.planted_sites import planted
from support.svg_chart import Points, chart

HERE = Path(__file__).resolve().parent
PATIENCE_S = 360
"""How long a run may take: a search for a breakpoint takes the longest."""
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
"""Of each shape one that takes about half a minute."""
STEADY = "Ramp:peak=1,rate=1,hold=29"
OPEN = "ArrivalRate:peak=300,rate=100,climb=1,hold=29"
CAPACITY = 40
SERVICE_MS = 100
CLIMB = "Ramp:peak=300,rate=10,hold=1"


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for."""

    only: tuple[str, ...]
    runs: int
    keep: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what was found beside what is true."""
    return run_parts("shapes_held", arguments, parsed, PARTS)


def parsed(arguments: Sequence[str] | None) -> Options:
    """Of the command line. Raises UsageError."""
    flags = Parser(prog="shapes_held", description=__doc__)
    add_parts(flags, PARTS)
    flags.add_argument("--runs", type=int, default=5, help="of breakpoint and spawning (default: %(default)s)")
    options = Options(**vars(flags.parse_args(arguments)))
    if options.runs < 1:
        raise UsageError("--runs must be 1 or more")
    return options


def held(_options: Options, folder: Path) -> None:
    """Of each shape, users planned beside users that ran."""
    for name, shape in SHORT.items():
        for workers in (0, 2):
            with planted("slots", 50, 20, folder / "site.log") as url:
                ran = loaded(url, shape, folder / f"{name}-{workers}", workers=workers).intervals
            how = f"{workers} workers" if workers else "alone"
            at_once, in_time = apart(ran)
            told = f"{at_once:+d} users apart at most, {in_time:+d} but for a second"
            print(f"planned: {shape} {how}: {told}", flush=True)
            draw(folder / f"{name}-{workers}.svg", f"{name}, {how}", ran)


def apart(seconds: Sequence[Interval]) -> tuple[int, int]:
    """By how many users those that ran were at most beside those planned: at the same second, and beside all that was
    planned from a second before to a second after. The last second is left out, as what comes after it is not known."""
    both = [(second.users, second.planned) for second in seconds if second.planned is not None]
    at_once = [users - planned for users, planned in both]
    in_time = []
    for n, (users, _) in enumerate(both):
        near = [planned for _, planned in both[max(n - 1, 0) : n + 2]]
        in_time.append(users - min(max(users, min(near)), max(near)))
    return max(at_once[:-1], key=abs), max(in_time[:-1], key=abs)


def draw(file: Path, title: str, ran: Sequence[Interval]) -> None:
    """Users planned and running over time."""
    planned = [(second.t, second.planned) for second in ran if second.planned is not None]
    lines = {"planned": planned, "running": [(second.t, second.users) for second in ran]}
    file.write_text(chart(title, "seconds", "users", lines))


def spawning(options: Options, folder: Path) -> None:
    """While users climb, by Locust's spawn messages and by ours, in turns."""
    found: dict[str, list[float]] = {"locust": [], "ours": []}
    for number in range(options.runs):
        for dispatcher in ("locust", "ours") if number % 2 else ("ours", "locust"):
            with planted("linear", 1, 100, folder / "site.log") as url:
                file = folder / f"spawning-{dispatcher}-{number}"
                ran = loaded(url, CLIMB, file, workers=2, env={"PLANTED_DISPATCHER": dispatcher})
            p50, _, p99 = percentiles(ran.total.ok_ms, PERCENTILES)
            found[dispatcher].append(p99)
            print(f"spawning: by {dispatcher}: p50 {p50:.0f} ms, p99 {p99:.0f} ms of 100", flush=True)
    ours, locusts = (statistics.median(found[name]) for name in ("ours", "locust"))
    print(f"spawning: p99 {locusts:.0f} ms by Locust's messages, {ours:.0f} by ours: {locusts / ours:.2f} times")


def open_model(_options: Options, folder: Path) -> None:
    """A stall as an open and as a closed model see it."""
    lines = {}
    for name, shape in (("closed", STEADY), ("open", OPEN)):
        with planted("stalls", 100, 10, folder / "site.log") as url:
            ran = loaded(url, shape, folder / name)
        p50, p95, p99 = percentiles(ran.total.ok_ms, PERCENTILES)
        late, missed = (sum(getattr(second, what) for second in ran.intervals) for what in ("late", "missed"))
        told = f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms of {ran.total.ok} requests"
        print(f"{name}: {told}; {late} began late, {missed} never", flush=True)
        lines[f"{name} model"] = _by_rank(ran)
    title = f"Latency of a server that stands still for {STALL_S:g} of 30 seconds"
    (folder / "open.svg").write_text(chart(title, "per cent of requests", "ms", lines))
    print(f"open: {STALL_S / 30:.1%} of the requests that are due evenly are due while it stands still")


def _by_rank(ran: series_file.Series) -> Points:
    """How long the fastest so many per cent of all successes took at most."""
    percents = [Fraction(tenths, 10) for tenths in (*range(10, 1000, 10), *range(991, 1000))]
    return [(float(p), ms) for p, ms in zip(percents, percentiles(ran.total.ok_ms, percents), strict=True)]


def breakpoint_(options: Options, folder: Path) -> None:
    """The users that are carried."""
    right = 0
    for number in range(options.runs):
        with planted("slots", CAPACITY, SERVICE_MS, folder / "site.log") as url:
            file = folder / f"breakpoint-{number}"
            draw(file.with_suffix(".svg"), "Breakpoint, alone", loaded(url, "Breakpoint", file).intervals)
        said = re.search(r"carries (\d+) users.*", file.with_suffix(".log").read_text())
        if not said:
            raise TrialError(f"Breakpoint gave no answer: {file.with_suffix('.log')}")
        right += abs(int(said[1]) / CAPACITY - 1) <= 0.05
        print(f"breakpoint: {said[0]}; planted {CAPACITY}", flush=True)
    print(f"breakpoint: {right} of {options.runs} within 5 %")


def loaded(
    url: str, shape: str, file: Path, *, workers: int = 0, env: dict[str, str] | None = None
) -> series_file.Series:
    """What Locust has recorded. Raises TrialError."""
    recorded, port = file.with_suffix(".jsonl"), str(free_port())
    argv = [
        *python("-m", "locust"),
        "-f",
        str(HERE / "users" / "planted_users.py"),
        "--headless",
        "-H",
        url,
        "--shape",
        shape,
    ]
    if workers:
        argv += ["--processes", str(workers), "--master-bind-port", port, "--master-port", port]
    argv += ["--series", str(recorded), "--live", "none"]
    with running(argv, log=file.with_suffix(".log"), env={**os.environ, **(env or {})}) as program:
        if program.wait(PATIENCE_S) not in (0, 1):
            raise TrialError(f"Locust failed: {program.last_log_line()}")
    return series_file.read(recorded)


PARTS: dict[str, Callable[[Options, Path], None]] = {
    "planned": held,
    "spawning": spawning,
    "open": open_model,
    "breakpoint": breakpoint_,
}

if __name__ == "__main__":
    sys.exit(main())
