"""How many requests does a load generator make on one core? ``python benchmarks/generator.py``.

FastUser beside Locust's own HttpUser and FastHttpUser, all recorded and classified by our plugin, against one server
that costs little: nginx or, where there is none, fixed_answers.py. The generator has one core and the server another.
All arms take turns, in rounds of which every second is turned round; a ratio is that of two arms of one round. hey (Go)
and wrk (C), which record far less, stand beside them where they are installed.
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
from support.harness import run, spread
from support.web_servers import listening, nginx, requests_per_s, wrk

HERE = Path(__file__).resolve().parent
ANSWERS = {
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

MOST_IN_A_WORD = 1000
"""Characters in nginx's configuration."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked. goal: how many times FastHttpUser's rate is aimed at. kind: of its failures, "" for none."""

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
STOCK_HTTP, STOCK_FAST, OURS = "StockHttp", "StockFast", "Ours"
NAMES = {STOCK_HTTP: "HttpUser", STOCK_FAST: "FastHttpUser", OURS: "FastUser"}
"""By the class in generator_users.py."""
TOOLS, BY_TOOLS = ("hey", "wrk"), ("get", "large")
"""And what they can do: plain GETs."""


@dataclass(frozen=True, slots=True)
class Options:
    """How much is measured."""

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
class Found:
    """Of one arm in one round: requests per second, and its memory at the end (MB)."""

    rate: float
    memory_mb: float = 0.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where an arm runs: what it asks, by what command it is pinned, and where its files go."""

    server: str
    pin: tuple[str, ...]
    folder: Path


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a table for each kind of work and number of users."""
    return run("generator", arguments, parse, measure)


def parse(arguments: Sequence[str] | None) -> Options:
    """Raises UsageError."""
    parser = Parser(prog="generator", description="How many requests does a load generator make on one core?")
    parser.add_argument("--arms", nargs="+", choices=NAMES, default=list(NAMES), help="default: all")
    parser.add_argument("--work", nargs="+", choices=WORK, default=list(WORK), help="default: all")
    parser.add_argument("--users", nargs="+", type=int, default=[50, 500], help="default: 50 500")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--seconds", type=int, default=7, help="of each arm (default: %(default)s)")
    given = parser.parse_args(arguments)
    work = tuple(WORK[tag] for tag in given.work)
    return Options(tuple(given.arms), work, tuple(given.users), given.rounds, given.seconds)


def measure(options: Options, folder: Path) -> None:
    """Measures and prints. Raises TrialError."""
    generator, server = pins()
    with served(folder, server) as url:
        place = Place(url, generator, folder)
        found = {}
        for users in options.users:
            for work in options.work:
                found[users, work.tag] = in_turn(options, work, users, place)
                print(table(work, users, found[users, work.tag]), flush=True)
        print(memory(options, found))


def pins() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The commands that keep the generator on one core and the server on another; empty with one core."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2 or not shutil.which("taskset"):
        return (), ()
    return ("taskset", "-c", str(cores[0])), ("taskset", "-c", str(cores[1]))


@contextmanager
def served(folder: Path, pin: Sequence[str]) -> Iterator[str]:
    """The URL of nginx, or of a server in its place. Raises TrialError."""
    if shutil.which("nginx"):
        with nginx(folder, locations(), pin=pin) as port:
            yield f"http://127.0.0.1:{port}"
        return
    port, answers = free_port(), folder / "answers.json"
    answers.write_text(json.dumps(ANSWERS))
    argv = [*pin, *python(str(HERE / "support" / "static_server.py"), str(port), str(answers))]
    with listening(argv, port, folder / "server.log"):
        yield f"http://127.0.0.1:{port}"


def locations() -> str:
    """nginx's. What is too long for a word of its configuration is put together: a file would have to be opened."""
    lines = []
    for path, (status, content_type, body) in ANSWERS.items():
        pieces = [body[i : i + MOST_IN_A_WORD] for i in range(0, len(body), MOST_IN_A_WORD)]
        names = [f"$piece{path.replace('/', '_')}_{i}" for i in range(len(pieces))]
        sets = [
            f"set {name} '{piece.replace(chr(10), chr(92) + 'n')}';" for name, piece in zip(names, pieces, strict=True)
        ]
        said = f"default_type {content_type}; return {status} '{''.join(names)}';"
        lines.append(f"location = {path} {{ {' '.join(sets)} {said} }}")
    return "\n".join(lines)


def in_turn(options: Options, work: Work, users: int, place: Place) -> dict[str, list[Found]]:
    """What each arm found in each round. Raises TrialError."""
    tools = [tool for tool in TOOLS if shutil.which(tool) and work.tag in BY_TOOLS]
    arms = [*options.arms, *tools]
    found: dict[str, list[Found]] = {arm: [] for arm in arms}
    for round_ in range(options.rounds):
        for arm in arms if round_ % 2 == 0 else reversed(arms):
            one = with_tool if arm in TOOLS else with_locust
            found[arm].append(one(arm, work, users, options.seconds, place))
    return found


def with_locust(arm: str, work: Work, users: int, seconds: int, place: Place) -> Found:
    """One run of Locust. Raises TrialError where an answer was not what is measured."""
    file, log = place.folder / "series.jsonl", place.folder / "locust.log"
    file.unlink(missing_ok=True)
    log.unlink(missing_ok=True)
    load = ["--headless", f"-u{users}", f"-r{users}", f"-t{seconds}s", "--only-summary", "--host", place.server]
    users_file = str(HERE / "users" / "generator_users.py")
    argv = [
        *place.pin,
        *python("-m", "locust", "-f", users_file, arm, "--tags", work.tag, *load, "--series", str(file)),
    ]
    memory_mb = 0.0
    with running(argv, log=log) as program:
        process = psutil.Process(program.pid)
        while program.wait(0.5) is None:
            with suppress(psutil.NoSuchProcess):
                memory_mb = max(memory_mb, process.memory_info().rss / 1e6)
    rows = series_file.read(file).intervals
    if not rows or any(set(row.failed) - {work.kind} or (work.kind and row.ok) for row in rows):
        raise TrialError(f"{NAMES[arm]} had other answers than those that are measured: {program.last_log_line()}")
    return Found(steady_rate(rows, users), memory_mb)


def steady_rate(rows: Sequence[Interval], users: int) -> float:
    """Requests per second while all users ran, in whole seconds. Raises TrialError."""
    whole = [row for row in rows if row.users == users][1:-1]
    if not whole:
        raise TrialError(f"{users} users did not run for long enough: try more --seconds")
    return statistics.mean(row.ok + row.failures for row in whole)


def with_tool(arm: str, work: Work, users: int, seconds: int, place: Place) -> Found:
    """One run of hey or wrk. Raises TrialError."""
    url = f"{place.server}{work.path}"
    if arm == "wrk":
        return Found(requests_per_s(wrk(url, users, seconds, place.folder, pin=place.pin)))
    log = place.folder / "hey.log"
    log.unlink(missing_ok=True)
    with running([*place.pin, "hey", "-cpus=1", f"-z={seconds}s", f"-c={users}", url], log=log) as program:
        program.wait()
    return Found(requests_per_s(log.read_text()))


def table(work: Work, users: int, found: dict[str, list[Found]]) -> str:
    """Rates, and ratios to FastHttpUser by pair."""
    lines = [f"{work.tag}, {users} users; requests/s: median (min..max) of the rounds; times FastHttpUser, by pair"]
    for arm, rounds in found.items():
        line = f"  {NAMES.get(arm, arm):14}{spread([one.rate for one in rounds]):26}"
        if STOCK_FAST in found and arm != STOCK_FAST:
            ratios = [one.rate / stock.rate for one, stock in zip(rounds, found[STOCK_FAST], strict=True)]
            line += spread(ratios, 2)
            if arm == OURS:
                line += f"; goal of {work.goal:g} {'reached' if statistics.median(ratios) >= work.goal else 'MISSED'}"
        lines.append(line)
    return "\n".join(lines)


def memory(options: Options, found: dict[tuple[int, str], dict[str, list[Found]]]) -> str:
    """What a user more costs, from the runs with the fewest users and with the most."""
    few, many = min(options.users), max(options.users)
    if few == many:
        return "memory per user: needs runs with different numbers of users"
    tag = options.work[0].tag
    lines = [f"memory per user, from {few} to {many} users: {tag}"]
    for arm in options.arms:
        more = [
            1000 * (much.memory_mb - little.memory_mb) / (many - few)
            for little, much in zip(found[few, tag][arm], found[many, tag][arm], strict=True)
        ]
        lines.append(f"  {NAMES[arm]:14}{spread(more)} kB")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
