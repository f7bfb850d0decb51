"""What does the probe cost? ``python benchmarks/probe_cost.py``.

The same site runs twice at the same time on each server, as it is and with the probe around it. A closed loop sends
the same requests to one after the other, in pairs in alternating order (ABBA), and both are started again after every
two pairs. The table has responses per second, and microseconds of the server's processor time for each request: of a
view that does nothing, and of one that computes for 5 ms. A last table has the cost in the process alone, without a
server, in pairs as well.
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
from locust_asyncdjango.probe.protocol import (
    APPLICATION_VARIABLE,
    NAME_HEADER,
    SENT_HEADER,
    TOKEN_HEADER,
    TOKEN_VARIABLE,
)
from support.harness import run, spread

HERE = Path(__file__).resolve().parent
SERVER_NAMES = ("gunicorn-sync", "gunicorn-100-threads", "gunicorn-gevent", "uvicorn")
VIEWS = ("empty", "compute")
CONNECTIONS = 8
PAIRS_PER_START = 2
MOST_ROUNDS = 100
CALLS = 200
TOKEN = "benchmark"  # noqa: S105 - it protects nothing
PLAIN = Application("probed_site:wsgi", "probed_site:asgi", ready_path="/wsgi/empty/")
PROBED = Application(
    "locust_asyncdjango.probe.wsgi:application",
    "locust_asyncdjango.probe.asgi:application",
    ready_path="/wsgi/empty/",
    own_wsgi=PLAIN.wsgi,
    own_asgi=PLAIN.asgi,
)
HEADINGS = f"{'server':22}{'view':10}{'plain req/s':>12}{'probed / plain':>24}{'plain us':>12}{'probe adds us':>26}"


@dataclass(frozen=True, slots=True)
class Options:
    """The servers, rounds (pairs for each view), seconds for each side of a pair."""

    servers: tuple[str, ...]
    rounds: int
    seconds: float

    def __post_init__(self) -> None:
        if unknown := set(self.servers) - SERVERS.keys():
            raise UsageError(f"there is no server {unknown.pop()!r}; choose from {', '.join(SERVERS)}")
        if not 1 <= self.rounds <= MOST_ROUNDS:
            raise UsageError(f"--rounds must be from 1 to {MOST_ROUNDS}")
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
    """Print a row for each server and view, then the cost in the process."""
    return run("probe_cost", arguments, parse, bench)


def parse(arguments: Sequence[str] | None) -> Options:
    """Return the options of the command line. Raise UsageError."""
    parser = Parser(prog="probe_cost", description="What does the probe cost?")
    parser.add_argument("--servers", type=names, default=SERVER_NAMES, help=f"default: {','.join(SERVER_NAMES)}")
    parser.add_argument("--rounds", type=int, default=6, help="pairs for each view (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=3, help="for each side of a pair (default: %(default)s)")
    parsed = parser.parse_args(arguments)
    return Options(tuple(parsed.servers), parsed.rounds, parsed.seconds)


def bench(options: Options, logs: Path) -> None:
    """Measure, and print each row as soon as it is measured. Raise LabError."""
    print("medians of the pairs (min..max)", HEADINGS, sep="\n", flush=True)
    for name in options.servers:
        for view in VIEWS:
            print(row(name, view, list(measure_pairs(name, view, options, logs))), flush=True)
    print("", "in the process, without a server:", sep="\n")
    for interface in ("wsgi", "asgi"):
        costs = [calls_us(interface, logs, probed_first=bool(round_ % 2)) for round_ in range(options.rounds)]
        added = spread([probed - plain for plain, probed in costs], 1)
        print(
            f"{interface}: {statistics.median(plain for plain, _ in costs):.1f} us, and {added} us more with the probe"
        )


def measure_pairs(name: str, view: str, options: Options, logs: Path) -> Iterator[Pair]:
    """Measure a view on a server. Yield its pairs, the plain site first in every other pair."""
    for done in range(0, options.rounds, PAIRS_PER_START):
        with both_sides(name, logs) as (plain, probed):
            for round_ in range(done, min(done + PAIRS_PER_START, options.rounds)):
                order = (plain, probed) if round_ % 2 == 0 else (probed, plain)
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
    return (
        f"{name:22}{view:10}{statistics.median(pair.plain.rate for pair in pairs):12.1f}"
        f"{spread([pair.probed.rate / pair.plain.rate for pair in pairs], 3):>24}"
        f"{statistics.median(pair.plain.cpu_us for pair in pairs):12.1f}"
        f"{spread([pair.probed.cpu_us - pair.plain.cpu_us for pair in pairs], 1):>26}"
    )


def calls_us(interface: str, logs: Path, *, probed_first: bool) -> tuple[float, float]:
    """Return the microseconds of a call in the process, without and with the probe. Raise TrialError."""
    sides = (PLAIN, PROBED)
    costs = {
        side.for_interface(interface): call_us(side, interface, logs)
        for side in (reversed(sides) if probed_first else sides)
    }
    return costs[PLAIN.for_interface(interface)], costs[PROBED.for_interface(interface)]


def call_us(side: Application, interface: str, logs: Path) -> float:
    """Return the microseconds of a call of one side. Raise TrialError."""
    log = logs / "calls.log"
    log.unlink(missing_ok=True)
    env = {**site_env({}), "PYTHONPATH": str(HERE / "sites"), TOKEN_VARIABLE: TOKEN, APPLICATION_VARIABLE: ""}
    program = python(
        str(HERE / "support" / "in_process_calls.py"), side.for_interface(interface), interface, str(CALLS)
    )
    with running(program, log=log, env={**env, **side.env(interface)}) as calls:
        if calls.wait():
            raise TrialError(f"{interface} cannot be called: {calls.last_log_line()}")
        return float(calls.last_log_line())


if __name__ == "__main__":
    sys.exit(main())
