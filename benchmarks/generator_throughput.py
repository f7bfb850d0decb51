"""How many requests can a load generator send on one core? ``python benchmarks/generator_throughput.py``.

FastUser and Locust's own HttpUser and FastHttpUser, all recorded and classified by our plugin, load one server that
costs little: nginx or, where there is none, support/static_server.py. The generator has one core and the server
another. All arms take turns, in the reverse order in every second round. A ratio compares two arms of the same round.
hey (Go) and wrk (C), which record far less, run as well where they are installed.
"""

import json
import os
import shutil
import statistics
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from locust_asyncdjango.lab.commands.arguments import Parser
from locust_asyncdjango.lab.environment.process import free_port, python, running
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.metrics import series_file
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.probe.protocol import TOKEN_VARIABLE
from support.harness import run, spread
from support.web_servers import listening, nginx, requests_per_s, wrk

HERE = Path(__file__).resolve().parent
RESPONSES = {
    "/small": (200, "text/plain", "x" * 29 + "\n"),
    "/large": (200, "text/plain", "x" * 10_000),
    "/form": (200, "text/plain", "ok\n"),
    "/failing": (
        500,
        "application/problem+json",
        '{"sqlstate": "53300", "exception": "django.db.utils.OperationalError", "detail": "too many clients already"}',
    ),
}
"""Status, type and body by path."""

MAX_WORD_LENGTH = 1000
"""The most characters of one word in nginx's configuration."""


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of request.

    tag: of the task in generator_users.py. goal: the ratio to FastHttpUser's rate that FastUser shall reach. kind: the
    kind of failure that each request ends with, "" for a success.
    """

    tag: str
    path: str
    goal: float
    kind: str = ""


WORK = {
    work.tag: work
    for work in (
        Work("get", "/small", 5),
        Work("large", "/large", 4),
        Work("post", "/form", 4),
        Work("failing", "/failing", 4, "db_too_many_clients"),
    )
}
STOCK_HTTP, STOCK_FAST, OURS, IN_TRIAL = "StockHttp", "StockFast", "Ours", "OursInTrial"
NAMES = {STOCK_HTTP: "HttpUser", STOCK_FAST: "FastHttpUser", OURS: "FastUser", IN_TRIAL: "FastUser in a trial"}
"""The name of an arm, by its class in generator_users.py."""
TOOLS = ("hey", "wrk")
"""Other load generators."""
WORK_OF = {"hey": ("get", "large"), "wrk": ("get", "large"), IN_TRIAL: ("get",)}
"""The work of the arms that do not do all of it: the tools can only send plain GETs, and the fields of a trial cost the
same with all work."""
TOKEN = "benchmark"  # noqa: S105 - it protects nothing


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured. rounds: runs of each arm. seconds: the length of a run."""

    arms: tuple[str, ...]
    work: tuple[Work, ...]
    users: tuple[int, ...]
    rounds: int
    seconds: int

    def __post_init__(self) -> None:
        if not 1 <= self.rounds <= 100:
            raise UsageError("--rounds must be from 1 to 100")
        if not 4 <= self.seconds <= 600:
            raise UsageError("--seconds must be from 4 to 600")
        if not all(1 <= users <= 2000 for users in self.users):
            raise UsageError("--users must be from 1 to 2000")


@dataclass(frozen=True, slots=True)
class ArmResult:
    """One arm in one round: its requests per second, and the most memory that it used (MB)."""

    rate: float
    memory_mb: float = 0.0


@dataclass(frozen=True, slots=True)
class Setup:
    """What an arm runs with: the server's URL, the command that pins it to a core, and the folder of its files."""

    server: str
    pin: tuple[str, ...]
    folder: Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a table for each kind of work and number of users, and return the exit code."""
    return run("generator_throughput", arguments, parse, measure)


def parse(arguments: Sequence[str] | None) -> Options:
    """Return the options of a command line. Raise UsageError."""
    parser = Parser(prog="generator_throughput", description="How many requests can a load generator send on one core?")
    parser.add_argument("--arms", nargs="+", choices=NAMES, default=list(NAMES), help="default: all")
    parser.add_argument("--work", nargs="+", choices=WORK, default=list(WORK), help="default: all")
    parser.add_argument("--users", nargs="+", type=int, default=[50, 500], help="default: 50 500")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--seconds", type=int, default=7, help="of each arm (default: %(default)s)")
    parsed = parser.parse_args(arguments)
    work = tuple(WORK[tag] for tag in parsed.work)
    return Options(tuple(parsed.arms), work, tuple(parsed.users), parsed.rounds, parsed.seconds)


def measure(options: Options, folder: Path) -> None:
    """Measure all arms and print the tables. Raise TrialError."""
    generator, server = pins()
    with served(folder, server) as url:
        setup = Setup(url, generator, folder)
        results = {}
        for users in options.users:
            for work in options.work:
                results[users, work.tag] = run_all_arms(options, work, users, setup)
                print(table(work, users, results[users, work.tag]), flush=True)
        print(memory(options, results))


def pins() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the commands that pin the generator to one core and the server to another; empty with one core."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2 or not shutil.which("taskset"):
        return (), ()
    return ("taskset", "-c", str(cores[0])), ("taskset", "-c", str(cores[1]))


@contextmanager
def served(folder: Path, pin: Sequence[str]) -> Iterator[str]:
    """Start nginx, or static_server.py in its place, and yield its URL. Raise TrialError."""
    if shutil.which("nginx"):
        with nginx(folder, locations(), pin=pin) as port:
            yield f"http://127.0.0.1:{port}"
        return
    port, responses = free_port(), folder / "responses.json"
    responses.write_text(json.dumps(RESPONSES))
    argv = [*pin, *python(str(HERE / "support" / "static_server.py"), str(port), str(responses))]
    with listening(argv, port, folder / "server.log"):
        yield f"http://127.0.0.1:{port}"


def locations() -> str:
    """Return nginx's locations. A long body is joined from several variables: a file would have to be opened."""
    lines = []
    for path, (status, content_type, body) in RESPONSES.items():
        pieces = [body[i : i + MAX_WORD_LENGTH] for i in range(0, len(body), MAX_WORD_LENGTH)]
        names = [f"$piece{path.replace('/', '_')}_{i}" for i in range(len(pieces))]
        sets = [
            f"set {name} '{piece.replace(chr(10), chr(92) + 'n')}';" for name, piece in zip(names, pieces, strict=True)
        ]
        directive = f"default_type {content_type}; return {status} '{''.join(names)}';"
        lines.append(f"location = {path} {{ {' '.join(sets)} {directive} }}")
    return "\n".join(lines)


def run_all_arms(options: Options, work: Work, users: int, setup: Setup) -> dict[str, list[ArmResult]]:
    """Run all arms in turn, round by round, and return the results by arm. Raise TrialError."""
    tools = [tool for tool in TOOLS if shutil.which(tool)]
    arms = [arm for arm in (*options.arms, *tools) if work.tag in WORK_OF.get(arm, WORK)]
    results: dict[str, list[ArmResult]] = {arm: [] for arm in arms}
    for round_ in range(options.rounds):
        for arm in arms if round_ % 2 == 0 else reversed(arms):
            run_arm = run_tool if arm in TOOLS else run_locust
            results[arm].append(run_arm(arm, work, users, options.seconds, setup))
    return results


def run_locust(arm: str, work: Work, users: int, seconds: int, setup: Setup) -> ArmResult:
    """Run Locust once. Raise TrialError where a response was not the one that is measured."""
    file, log = setup.folder / "series.jsonl", setup.folder / "locust.log"
    file.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    load = ["--headless", f"-u{users}", f"-r{users}", f"-t{seconds}s", "--only-summary", "--host", setup.server]
    users_file = str(HERE / "users" / "generator_users.py")
    argv = [
        *setup.pin,
        *python("-m", "locust", "-f", users_file, arm, "--tags", work.tag, *load, "--series", str(file)),
    ]
    memory_mb = 0.0
    env = {**os.environ, TOKEN_VARIABLE: TOKEN if arm == IN_TRIAL else ""}
    with running(argv, log=log, env=env) as program:
        process = psutil.Process(program.pid)
        while program.wait(0.5) is None:
            with suppress(psutil.NoSuchProcess):
                memory_mb = max(memory_mb, process.memory_info().rss / 1e6)
    rows = series_file.read(file).intervals
    if not rows or any(set(row.failed) - {work.kind} or (work.kind and row.ok) for row in rows):
        raise TrialError(f"{NAMES[arm]} got other responses than those that are measured: {program.last_log_line()}")
    return ArmResult(steady_rate(rows, users), memory_mb)


def steady_rate(rows: Sequence[Interval], users: int) -> float:
    """Return the requests per second of the whole seconds in which all users ran. Raise TrialError."""
    whole = [row for row in rows if row.users == users][1:-1]
    if not whole:
        raise TrialError(f"{users} users did not run for long enough: try more --seconds")
    return statistics.mean(row.ok + row.failures for row in whole)


def run_tool(arm: str, work: Work, users: int, seconds: int, setup: Setup) -> ArmResult:
    """Run hey or wrk once. Raise TrialError."""
    url = f"{setup.server}{work.path}"
    if arm == "wrk":
        return ArmResult(requests_per_s(wrk(url, users, seconds, setup.folder, pin=setup.pin)))
    log = setup.folder / "hey.log"
    log.unlink(missing_ok=True)
    with running([*setup.pin, "hey", "-cpus=1", f"-z={seconds}s", f"-c={users}", url], log=log) as program:
        program.wait()
    return ArmResult(requests_per_s(log.read_text()))


def table(work: Work, users: int, results: dict[str, list[ArmResult]]) -> str:
    """Return a table of rates, of ratios to FastHttpUser in the same round, and of a trial's fields to none."""
    lines = [f"{work.tag}, {users} users; requests/s: median (min..max) of the rounds; times FastHttpUser, by pair"]
    for arm, rounds in results.items():
        line = f"  {NAMES.get(arm, arm):20}{spread([result.rate for result in rounds]):26}"
        if STOCK_FAST in results and arm != STOCK_FAST:
            ratios = ratios_to(rounds, results[STOCK_FAST])
            line += spread(ratios, 2)
            if arm == OURS:
                line += f"; goal of {work.goal:g} {'reached' if statistics.median(ratios) >= work.goal else 'MISSED'}"
        if arm == IN_TRIAL and OURS in results:
            line += f"; {spread(ratios_to(rounds, results[OURS]), 2)} times FastUser"
        lines.append(line)
    return "\n".join(lines)


def ratios_to(rounds: Sequence[ArmResult], others: Sequence[ArmResult]) -> list[float]:
    """Return the ratio of the rates of two arms in each round."""
    return [result.rate / other.rate for result, other in zip(rounds, others, strict=True)]


def memory(options: Options, results: dict[tuple[int, str], dict[str, list[ArmResult]]]) -> str:
    """Return what one more user costs in memory, from the runs with the fewest users and with the most."""
    few, many = min(options.users), max(options.users)
    if few == many:
        return "memory per user: needs runs with different numbers of users"
    tag = options.work[0].tag
    lines = [f"memory per user, from {few} to {many} users: {tag}"]
    for arm in (arm for arm in options.arms if arm in results[few, tag]):
        more = [
            1000 * (much.memory_mb - little.memory_mb) / (many - few)
            for little, much in zip(results[few, tag][arm], results[many, tag][arm], strict=True)
        ]
        lines.append(f"  {NAMES[arm]:20}{spread(more)} kB")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
