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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from bench import run
from locust_asyncdjango import series
from locust_asyncdjango.histogram import percentiles_ms
from locust_asyncdjango.lab.cli import Parser, names
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.process import free_port, port_is_free, python, running, wait_until
from locust_asyncdjango.second import PERCENTS, Second
from pictures import Points, chart
from planted_site import STALL_S

HERE = Path(__file__).resolve().parent
START_S = 30
PATIENCE_S = 90
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
}
"""Of each shape one that takes half a minute or less."""
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
    return run("shapes_held", arguments, parsed, measured)


def parsed(arguments: Sequence[str] | None) -> Options:
    """Of the command line. Raises UsageError."""
    flags = Parser(prog="shapes_held", description=__doc__)
    flags.add_argument("--only", type=names, default=tuple(PARTS), help=f"of {','.join(PARTS)} (default: all)")
    flags.add_argument("--runs", type=int, default=5, help="of breakpoint and spawning (default: %(default)s)")
    flags.add_argument("--keep", type=Path, metavar="DIR", help="keep the series")
    options = Options(**vars(flags.parse_args(arguments)))
    if unknown := set(options.only) - PARTS.keys():
        raise UsageError(f"--only {unknown.pop()}: choose from {', '.join(PARTS)}")
    if options.runs < 1:
        raise UsageError("--runs must be 1 or more")
    return options


def measured(options: Options, folder: Path) -> None:
    """Runs what was asked for."""
    kept = (options.keep or folder).absolute()
    kept.mkdir(parents=True, exist_ok=True)
    for name in options.only:
        PARTS[name](options, kept)


def planned(_options: Options, folder: Path) -> None:
    """Of each shape, users planned beside users that ran."""
    for name, shape in SHORT.items():
        for workers in (0, 2):
            with site("slots", 50, 20, folder) as url:
                ran = loaded(url, shape, folder / f"{name}-{workers}", workers=workers).seconds
            off = [second.users - second.planned for second in ran if second.planned]
            worst = max(off, key=abs)
            how = f"{workers} workers" if workers else "alone"
            peak = max(second.planned for second in ran)
            told = f"largest difference {worst:+d} of {peak} users, mean {statistics.fmean(map(abs, off)):.1f}"
            print(f"planned: {shape} {how}: {told}", flush=True)
            lines = {"planned": _over_time(ran, "planned"), "running": _over_time(ran, "users")}
            (folder / f"{name}-{workers}.svg").write_text(chart(f"{name}, {how}", "seconds", "users", lines))


def spawning(options: Options, folder: Path) -> None:
    """While users climb, by Locust's spawn messages and by ours, in turns."""
    found: dict[str, list[float]] = {"locust": [], "ours": []}
    for number in range(options.runs):
        for dispatcher in ("locust", "ours") if number % 2 else ("ours", "locust"):
            with site("linear", 1, 100, folder) as url:
                file = folder / f"spawning-{dispatcher}-{number}"
                ran = loaded(url, CLIMB, file, workers=2, env={"SHAPES_DISPATCHER": dispatcher})
            p50, _, p99 = percentiles_ms(ran.total.ok_ms, PERCENTS)
            found[dispatcher].append(p99)
            print(f"spawning: by {dispatcher}: p50 {p50:.0f} ms, p99 {p99:.0f} ms of 100", flush=True)
    ours, locusts = (statistics.median(found[name]) for name in ("ours", "locust"))
    print(f"spawning: p99 {locusts:.0f} ms by Locust's messages, {ours:.0f} by ours: {locusts / ours:.2f} times")


def open_model(_options: Options, folder: Path) -> None:
    """A stall as an open and as a closed model see it."""
    lines = {}
    for name, shape in (("closed", STEADY), ("open", OPEN)):
        with site("stalls", 100, 10, folder) as url:
            ran = loaded(url, shape, folder / name)
        p50, p95, p99 = percentiles_ms(ran.total.ok_ms, PERCENTS)
        late, missed = (sum(getattr(second, what) for second in ran.seconds) for what in ("late", "missed"))
        told = f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, p99 {p99:.0f} ms of {ran.total.ok} requests"
        print(f"{name}: {told}; {late} began late, {missed} never", flush=True)
        lines[f"{name} model"] = _by_rank(ran)
    title = f"Latency of a server that stands still for {STALL_S:g} of 30 seconds"
    (folder / "open.svg").write_text(chart(title, "per cent of requests", "ms", lines))
    print(f"open: {STALL_S / 30:.1%} of the requests that are due evenly are due while it stands still")


def _over_time(seconds: Sequence[Second], what: str) -> Points:
    return [(second.t, getattr(second, what)) for second in seconds]


def _by_rank(ran: series.Series) -> Points:
    """How long the fastest so many per cent of all successes took at most."""
    percents = [Fraction(tenths, 10) for tenths in (*range(10, 1000, 10), *range(991, 1000))]
    return [(float(p), ms) for p, ms in zip(percents, percentiles_ms(ran.total.ok_ms, percents), strict=True)]


def breakpoint_(options: Options, folder: Path) -> None:
    """The users that are carried."""
    right = 0
    for number in range(options.runs):
        with site("slots", CAPACITY, SERVICE_MS, folder) as url:
            file = folder / f"breakpoint-{number}"
            loaded(url, "Breakpoint", file)
        said = re.search(r"carries (\d+) users.*", file.with_suffix(".log").read_text())
        if not said:
            raise TrialError(f"Breakpoint gave no answer: {file.with_suffix('.log')}")
        right += abs(int(said[1]) / CAPACITY - 1) <= 0.05
        print(f"breakpoint: {said[0]}; planted {CAPACITY}", flush=True)
    print(f"breakpoint: {right} of {options.runs} within 5 %")


@contextmanager
def site(kind: str, slots: int, service_ms: int, folder: Path) -> Iterator[str]:
    """The URL of a planted site. Raises TrialError."""
    port = free_port()
    planted = {"PLANTED_KIND": kind, "PLANTED_SLOTS": str(slots), "PLANTED_SERVICE_MS": str(service_ms)}
    argv = python("-m", "uvicorn", "--factory", "planted_site:planted", "--app-dir", str(HERE), "--port", str(port))
    quiet = ("--log-level=warning", "--no-access-log")
    with running([*argv, *quiet], log=folder / "site.log", env={**os.environ, **planted}) as program:
        if not wait_until(lambda: not port_is_free(port), program, START_S):
            raise TrialError(f"the site does not start: {program.last_words()}")
        yield f"http://127.0.0.1:{port}"


def loaded(url: str, shape: str, file: Path, *, workers: int = 0, env: dict[str, str] | None = None) -> series.Series:
    """What Locust has recorded. Raises TrialError."""
    recorded, port = file.with_suffix(".jsonl"), str(free_port())
    argv = [*python("-m", "locust"), "-f", str(HERE / "shapes_user.py"), "--headless", "-H", url, "--shape", shape]
    if workers:
        argv += ["--processes", str(workers), "--master-bind-port", port, "--master-port", port]
    argv += ["--series", str(recorded), "--live", "none"]
    with running(argv, log=file.with_suffix(".log"), env={**os.environ, **(env or {})}) as program:
        if program.wait(PATIENCE_S * 4) not in (0, 1):
            raise TrialError(f"Locust failed: {program.last_words()}")
    return series.read(recorded)


PARTS: dict[str, Callable[[Options, Path], None]] = {
    "planned": planned,
    "spawning": spawning,
    "open": open_model,
    "breakpoint": breakpoint_,
}

if __name__ == "__main__":
    sys.exit(main())
