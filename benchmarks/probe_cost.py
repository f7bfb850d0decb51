"""What does the probe cost? ``python benchmarks/probe_cost.py``.

First in the process alone, without a server: two processes call the same site in turns, as it is and with the probe
around it. The figures are microseconds of processor time for each call. Then on servers: the site runs twice at the
same time on each, and a closed loop sends the same requests to one after the other. The figures are responses per
second, and microseconds of the server's processor time for each request, of a view that does nothing and of one that
computes for 5 ms.

All of it is in pairs in alternating order (ABBA), and both sides are started again several times. Each figure is the
median of its pairs, in the process of its starts, with its 95 % interval; of fewer than six, the interval is from the
lowest to the highest. The goals are 25 us for a request, and 2 % of the responses per second of the view of 5 ms. To
show these 2 % it takes a quiet machine, ``--pairs 20 --seconds 3`` and half an hour.
"""

import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from locust_asyncdjango.lab.commands.arguments import Parser
from locust_asyncdjango.lab.environment.process import free_port, python, running
from locust_asyncdjango.lab.environment.servers import SERVERS, Application, RunningServer, running_server, site_env
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.experiment.options import names
from locust_asyncdjango.probe.protocol import NAME_HEADER, SENT_HEADER, TOKEN_HEADER, TOKEN_VARIABLE
from support.harness import add_parts, median_interval, run_parts

HERE = Path(__file__).resolve().parent
SERVER_NAMES = ("gunicorn-sync", "gunicorn-100-threads", "gunicorn-gevent", "uvicorn")
VIEWS = ("empty", "compute")
CONNECTIONS = 8
PAIRS_PER_START = 2
MIN_PAIRS, MOST_PAIRS = 6, 100
"""The fewest pairs that have a 95 % interval, and the most of a run."""
STARTS, PAIRS_PER_PROCESS, CALLS = 8, 25, 50
"""In the process: how often both sides are started, pairs of each start, and calls of each batch."""
IN_PROCESS = {
    "wsgi, empty view": ("wsgi", "probed_site:wsgi"),
    "asgi, empty view": ("asgi", "probed_site:asgi"),
    "wsgi, without Django": ("wsgi", "probed_site:bare_wsgi"),
    "asgi, without Django": ("asgi", "probed_site:bare_asgi"),
}
"""What is called in the process: the interface and the application."""
GOAL_US, GOAL_RATIO = 25.0, 0.98
TOKEN = "benchmark"  # noqa: S105 - it protects nothing
PLAIN = Application("probed_site:wsgi", "probed_site:asgi", ready_path="/wsgi/empty/")
PROBED = Application(
    "locust_asyncdjango.probe.wsgi:application",
    "locust_asyncdjango.probe.asgi:application",
    ready_path="/wsgi/empty/",
    own_wsgi=PLAIN.wsgi,
    own_asgi=PLAIN.asgi,
)
HEADINGS = (
    f"{'server':22}{'view':10}{'plain req/s':>12}{'probed / plain':>24}{'plain us':>12}{'probe adds us':>26}  goal"
)


@dataclass(frozen=True, slots=True)
class Options:
    """The servers, pairs for each view, seconds for each side of a pair. only, keep: see ``harness.PartOptions``."""

    only: tuple[str, ...]
    keep: Path | None
    servers: tuple[str, ...]
    pairs: int
    seconds: float

    def __post_init__(self) -> None:
        if unknown := set(self.servers) - SERVERS.keys():
            raise UsageError(f"there is no server {unknown.pop()!r}; choose from {', '.join(SERVERS)}")
        if not 1 <= self.pairs <= MOST_PAIRS:
            raise UsageError(f"--pairs must be from 1 to {MOST_PAIRS}")
        if not 0.1 <= self.seconds <= 60:
            raise UsageError("--seconds must be from 0.1 to 60")


@dataclass(frozen=True, slots=True)
class Figures:
    """The result of one side: responses per second, and microseconds of processor time for each request."""

    rate: float
    cpu_us: float


@dataclass(frozen=True, slots=True)
class Pair:
    """The figures of both sides, measured one right after the other."""

    plain: Figures
    probed: Figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each interface in the process, then one for each server and view."""
    return run_parts("probe_cost", arguments, parse, {"process": measure_process, "servers": measure_servers})


def parse(arguments: Sequence[str] | None) -> Options:
    """Return the options of the command line. Raise UsageError."""
    parser = Parser(prog="probe_cost", description="What does the probe cost?")
    add_parts(parser, ("process", "servers"))
    parser.add_argument("--servers", type=names, default=SERVER_NAMES, help=f"default: {','.join(SERVER_NAMES)}")
    parser.add_argument("--pairs", type=int, default=6, help="for each view on each server (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=1, help="for each side of a pair (default: %(default)s)")
    return Options(**vars(parser.parse_args(arguments)))


def measure_process(_options: Options, folder: Path) -> None:
    """Print the cost in the process, without a server, of each interface. Raise TrialError."""
    print(
        "in the process, without a server:", f"{'':32}{'plain us':>12}{'probe adds us':>26}  goal", sep="\n", flush=True
    )
    for name, (interface, application) in IN_PROCESS.items():
        starts = [in_process_us(interface, application, folder) for _ in range(STARTS)]
        plain_us = statistics.median(plain for pairs in starts for plain, _ in pairs)
        # Two processes of the same program differ too, so that a start is one value.
        added = median_interval([statistics.median(probed - plain for plain, probed in pairs) for pairs in starts])
        print(f"{name:32}{plain_us:12.1f}{added.text(1):>26}  {reached(added.high <= GOAL_US)}", flush=True)


def in_process_us(interface: str, application: str, folder: Path) -> list[tuple[float, float]]:
    """Return the microseconds of a call without and with the probe, of each pair of batches. Raise TrialError."""
    log = folder / "calls.log"
    log.unlink(missing_ok=True)
    sides = (application, PROBED.for_interface(interface))
    argv = python(str(HERE / "support" / "in_process_calls.py"), *sides, interface, str(PAIRS_PER_PROCESS), str(CALLS))
    env = {**site_env({}), "PYTHONPATH": str(HERE / "sites"), TOKEN_VARIABLE: TOKEN}
    with running(argv, log=log, env=env) as program:
        if program.wait():
            raise TrialError(f"{application} cannot be called: {program.failure_cause()}")
        return [(float(plain), float(probed)) for plain, probed in map(str.split, program.log_lines())]


def measure_servers(options: Options, folder: Path) -> None:
    """Print the cost on each server, each row as soon as it is measured. Raise LabError."""
    print("on servers:", HEADINGS, sep="\n", flush=True)
    for name in options.servers:
        for view in VIEWS:
            print(row(name, view, list(measure_pairs(name, view, options, folder))), flush=True)


def measure_pairs(name: str, view: str, options: Options, logs: Path) -> Iterator[Pair]:
    """Measure a view on a server. Yield its pairs, the plain site first in every other pair."""
    for done in range(0, options.pairs, PAIRS_PER_START):
        with both_sides(name, logs) as (plain, probed):
            for pair in range(done, min(done + PAIRS_PER_START, options.pairs)):
                order = (plain, probed) if pair % 2 == 0 else (probed, plain)
                path = f"/{SERVERS[name].interface}/{view}/"
                figures = {side.url: measure_side(side, path, options.seconds, logs) for side in order}
                yield Pair(figures[plain.url], figures[probed.url])


@contextmanager
def both_sides(name: str, logs: Path) -> Iterator[tuple[RunningServer, RunningServer]]:
    """Start the site as it is, and with the probe."""
    env = {**site_env({}), "PYTHONPATH": str(HERE / "sites"), TOKEN_VARIABLE: TOKEN}
    folders = [logs / side for side in ("plain", "probed")]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    with (
        running_server(SERVERS[name], free_port(), folders[0], env, application=PLAIN) as plain,
        running_server(SERVERS[name], free_port(), folders[1], env, application=PROBED) as probed,
    ):
        yield plain, probed


def measure_side(site: RunningServer, path: str, seconds: float, logs: Path) -> Figures:
    """Return what the closed loop measures on one side. Both sides get the same header fields. Raise TrialError."""
    log = logs / "closed_loop.log"
    log.unlink(missing_ok=True)
    fields = (f"{TOKEN_HEADER}:{TOKEN}", f"{SENT_HEADER}:1700000000.000000", f"{NAME_HEADER}:bench")
    load = [f"--connections={CONNECTIONS}", f"--seconds={seconds}", *(f"--header={field}" for field in fields)]
    before_s = cpu_s(site)
    with running(python(str(HERE / "support" / "closed_loop.py"), f"{site.url}{path}", *load), log=log) as program:
        if program.wait() or program.last_log_line().startswith("0.0 "):
            raise TrialError(f"{path} cannot be measured: {program.last_log_line()}; try more --seconds")
        rate, answers = program.last_log_line().split()
    return Figures(float(rate), 1e6 * (cpu_s(site) - before_s) / int(answers))


def cpu_s(site: RunningServer) -> float:
    """Return the processor time that a server and its workers have used so far, in seconds."""
    master = psutil.Process(site.program.pid)
    times = [process.cpu_times() for process in (master, *master.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def row(name: str, view: str, pairs: Sequence[Pair]) -> str:
    """Return a line of the table."""
    ratio = median_interval([pair.probed.rate / pair.plain.rate for pair in pairs])
    added = median_interval([pair.probed.cpu_us - pair.plain.cpu_us for pair in pairs])
    is_reached = len(pairs) >= MIN_PAIRS and (added.high <= GOAL_US if view == "empty" else ratio.low >= GOAL_RATIO)
    return (
        f"{name:22}{view:10}{statistics.median(pair.plain.rate for pair in pairs):12.1f}{ratio.text(3):>24}"
        f"{statistics.median(pair.plain.cpu_us for pair in pairs):12.1f}{added.text(1):>26}  {reached(is_reached)}"
    )


def reached(is_reached: bool) -> str:
    """Return whether the whole interval is within the goal, in a word."""
    return "reached" if is_reached else "not shown"


if __name__ == "__main__":
    sys.exit(main())
