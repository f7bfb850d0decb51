"""Is a view of the target site slower than a plain one? ``python benchmarks/plain_views.py``.

For each view the target site and plain_site.py run at once, on the same server and services; a closed loop loads one
after the other in pairs of which every second is turned round (ABBA), so that what slows the machine slows both. Both
are started anew after every two pairs: two runs of the same program differ too. Beside the answers per second stands
the processor time that the server took for each, which other programs on the machine disturb less.
"""

import dataclasses
import os
import re
import statistics
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from locust_asyncdjango.lab.cli import Parser
from locust_asyncdjango.lab.environment import services
from locust_asyncdjango.lab.environment.process import free_port, python, running
from locust_asyncdjango.lab.environment.servers import SERVERS, RunningServer, running_server, site_env
from locust_asyncdjango.lab.errors import TrialError, UsageError
from support.harness import run, spread

HERE = Path(__file__).resolve().parent
POSTS = 1000
MAX_CONNECTIONS = 100
CONNECTIONS = 10
PAIRS_PER_START = 2
MOST_ROUNDS = 100
MOST_SECONDS = 60.0

POST_ID = "id=2b3f081d-ca26-4796-4cad-ebb3b7baad50"
FORM = "title=A+title&content=" + "+".join(["The+quick+brown+fox+jumps+over+the+lazy+dog."] * 3)

HEADINGS = (
    f"{'view':22}{'plain req/s':>12}{'ours req/s':>12}{'ours / plain':>24}"
    f"{'plain ms':>12}{'ours ms':>12}{'ours / plain':>24}"
)

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class View:
    """A view that both sides have, and what it is asked. form: sent in a POST, "" for a GET."""

    name: str
    server: str
    query: str = ""
    form: str = ""

    @property
    def route(self) -> str:
        """The route it is a variant of."""
        return self.name.partition("/")[0]

    @property
    def status(self) -> int:
        """Of a right answer."""
        return 201 if self.form else 200

    def url(self, site: str) -> str:
        """Where a site has it."""
        return f"{site}/{self.name}/" + (f"?{self.query}" if self.query else "")


# Views that write stand last: the table that the others read does not grow.
VIEWS = {
    view.name: view
    for view in (
        View("template/class_sync", "gunicorn-sync"),
        View("template/class_async", "gunicorn-uvicorn"),
        View("cpu/sync", "gunicorn-sync", "n=10000"),
        View("cpu/async", "gunicorn-uvicorn", "n=10000"),
        View("cached/sync", "gunicorn-sync", "key=bench"),
        View("cached/async", "gunicorn-uvicorn", "key=bench"),
        View("cached/django_sync", "gunicorn-sync", "key=bench"),
        View("external/sync", "gunicorn-sync", "ms=0&seed=7"),
        View("external/async", "gunicorn-uvicorn", "ms=0&seed=7"),
        View("list_detail/psycopg2", "gunicorn-sync", POST_ID),
        View("list_detail/asyncpg", "gunicorn-uvicorn", POST_ID),
        View("orm_get/sync", "gunicorn-sync", POST_ID),
        View("orm_get/async", "gunicorn-uvicorn", POST_ID),
        View("io_read/sync", "gunicorn-sync"),
        View("io_read/async", "gunicorn-uvicorn"),
        View("io_create/sync", "gunicorn-sync", form=FORM),
        View("io_create/async", "gunicorn-uvicorn", form=FORM),
        View("orm_post/sync", "gunicorn-sync", form=FORM),
        View("orm_post/async", "gunicorn-uvicorn", form=FORM),
    )
}


@dataclass(frozen=True, slots=True)
class Options:
    """What is measured, and for how long."""

    views: tuple[View, ...]
    rounds: int
    seconds: float

    def __post_init__(self) -> None:
        if not 1 <= self.rounds <= MOST_ROUNDS:
            raise UsageError(f"--rounds must be from 1 to {MOST_ROUNDS}")
        if not 0.1 <= self.seconds <= MOST_SECONDS:
            raise UsageError(f"--seconds must be from 0.1 to {MOST_SECONDS:g}")


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one side: answers per second, and the server's processor time for each."""

    rate: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Pair:
    """Both sides, one measured right after the other."""

    plain: Figures
    ours: Figures

    @property
    def speed(self) -> float:
        """More than 1 where ours answers more in a second."""
        return self.ours.rate / self.plain.rate

    @property
    def cpu(self) -> float:
        """More than 1 where ours needs more processor time for an answer."""
        return self.ours.cpu_ms / self.plain.cpu_ms


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints a row for each view, then what it means."""
    return run("plain_views", arguments, parse, bench)


def parse(arguments: Sequence[str] | None) -> Options:
    """Raises UsageError."""
    parser = Parser(prog="plain_views", description="Is a view of the target site slower than a plain one?")
    known = ", ".join(VIEWS)
    parser.add_argument("--views", metavar="NAME,...", default="", help=f"routes, or of {known} (default: all)")
    parser.add_argument("--rounds", type=int, default=6, help="pairs for each view (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=2, help="for each side of a pair (default: %(default)s)")
    given = parser.parse_args(arguments)
    return Options(chosen(given.views), given.rounds, given.seconds)


def chosen(names: str) -> tuple[View, ...]:
    """The views of those names or routes, all where there are none. Raises UsageError."""
    wanted = names.split(",") if names else list(VIEWS)
    known = {*VIEWS, *(view.route for view in VIEWS.values())}
    for name in wanted:
        if name not in known:
            raise UsageError(f"there is no view {name!r}; choose from {', '.join(VIEWS)}")
    return tuple(view for view in VIEWS.values() if view.name in wanted or view.route in wanted)


def bench(options: Options, logs: Path) -> None:
    """Measures and prints, each view as soon as it is known. Raises LabError."""
    # All that is loaded is on this machine, and the user's own database is not seeded anew.
    for variable in ("DATABASE_URL", *services.ROUTE_SERVICES.values()):
        os.environ.pop(variable, None)
    verdicts = []
    services.prepare(services.ROUTE_SERVICES, POSTS, logs)
    with services.running_services(services.ROUTE_SERVICES, POSTS, MAX_CONNECTIONS, logs) as env:
        print("req/s and ms of processor per request; ours / plain: median of the pairs (min..max)")
        print(HEADINGS, flush=True)
        for view in options.views:
            pairs = list(measured(view, options, logs, env))
            print(row(view, pairs), flush=True)
            verdicts.append(f"{view.name:22}{verdict(pairs)}")
    print("", *verdicts, sep="\n")


def measured(view: View, options: Options, logs: Path, env: Mapping[str, str]) -> Iterator[Pair]:
    """The pairs of a view, plain first and ours first in turn."""
    for done in range(0, options.rounds, PAIRS_PER_START):
        with both_sides(view, logs, env) as (plain, ours):
            check_same(view, plain.url, ours.url)
            for round_ in range(done, min(done + PAIRS_PER_START, options.rounds)):
                order = (plain, ours) if round_ % 2 == 0 else (ours, plain)
                found = {site.url: figures(view, site, options.seconds, logs) for site in order}
                yield Pair(found[plain.url], found[ours.url])


@contextmanager
def both_sides(
    view: View, logs: Path, services_env: Mapping[str, str]
) -> Iterator[tuple[RunningServer, RunningServer]]:
    """The plain site and ours. Both sites have their defaults, whatever the user has set for the target site."""
    ours = SERVERS[view.server]
    plain = dataclasses.replace(ours, argv=(*ours.argv[:-1], f"plain_site:{ours.interface}"))
    env = {name: value for name, value in site_env(services_env).items() if not name.startswith("TARGET_SITE_")}
    # The target site has it too, and saves a query for each connection: a matter of settings, not of views.
    env |= {"PGTZ": "UTC", "PYTHONPATH": str(HERE / "sites")}
    folders = [logs / side for side in ("plain", "ours")]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    with (
        running_server(plain, free_port(), folders[0], env) as plain_site,
        running_server(ours, free_port(), folders[1], env) as our_site,
    ):
        yield plain_site, our_site


def check_same(view: View, plain: str, ours: str) -> None:
    """Raises TrialError where the two sides do not answer the same, keys and times of new posts aside."""
    answers = [answer(view, view.url(site)) for site in (plain, ours)]
    if answers[0] != answers[1]:
        raise TrialError(f"{view.name} does not answer the same: plain {answers[0]!r:.300}, ours {answers[1]!r:.300}")


def answer(view: View, url: str) -> tuple[int, str | None, bytes]:
    """Status, media type and body, comparable. Raises TrialError."""
    try:
        with _DIRECT.open(url, data=view.form.encode() or None, timeout=30) as response:
            status, media_type, body = response.status, response.headers["Content-Type"], response.read()
    except OSError as error:
        raise TrialError(f"{url} does not answer: {error}") from None
    if view.form:
        body = re.sub(rb'"(id|created_at|updated_at)": "[\dT:.+a-f-]+"', rb'"\1": ...', body)
    return status, media_type, body


def figures(view: View, site: RunningServer, seconds: float, logs: Path) -> Figures:
    """What the closed loop finds. Raises TrialError."""
    log = logs / "closed_loop.log"
    log.unlink(missing_ok=True)
    wanted = [f"--expect={view.status}", f"--form={view.form}"]
    load = [f"--connections={CONNECTIONS}", f"--seconds={seconds}"]
    before_s = cpu_s(site)
    with running(
        python(str(HERE / "support" / "closed_loop.py"), view.url(site.url), *wanted, *load), log=log
    ) as program:
        failed = program.wait()
        if failed or program.last_log_line().startswith("0.0 "):
            raise TrialError(f"{view.name} cannot be measured: {program.last_log_line()}; try more --seconds")
        rate, answers = program.last_log_line().split()
    return Figures(float(rate), 1000 * (cpu_s(site) - before_s) / int(answers))


def cpu_s(site: RunningServer) -> float:
    """Processor time that a server has taken so far, its workers included."""
    master = psutil.Process(site.program.pid)
    times = [process.cpu_times() for process in (master, *master.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def row(view: View, pairs: Sequence[Pair]) -> str:
    """A line of the table."""
    median = statistics.median
    return (
        f"{view.name:22}{median(p.plain.rate for p in pairs):12.1f}{median(p.ours.rate for p in pairs):12.1f}"
        f"{spread([p.speed for p in pairs], 3):>24}"
        f"{median(p.plain.cpu_ms for p in pairs):12.3f}{median(p.ours.cpu_ms for p in pairs):12.3f}"
        f"{spread([p.cpu for p in pairs], 3):>24}"
    )


def verdict(pairs: Sequence[Pair]) -> str:
    """Beyond noise is what every pair says; noise alone makes n pairs say "slower" in one of 2**n views."""
    if max(pair.speed for pair in pairs) < 1:
        speed = "SLOWER in every pair"
    elif min(pair.speed for pair in pairs) > 1:
        speed = "faster in every pair"
    else:
        speed = "not slower beyond noise"
    least, most = (100 * (bound(pair.cpu for pair in pairs) - 1) for bound in (min, max))
    cpu = f"{statistics.median(100 * (pair.cpu - 1) for pair in pairs):+.1f} % processor time per request"
    return f"{speed}; {cpu}" + ("" if least > 0 or most < 0 else ", within noise")


if __name__ == "__main__":
    sys.exit(main())
