"""Is a view of the target site slower than a plain view? ``python benchmarks/target_site_overhead.py``.

For each view, the target site and sites/plain_site.py run at the same time, on the same server and services. A closed
loop loads one after the other, in pairs in alternating order (ABBA), so that what slows the machine slows both. Both
are started again after every two pairs, because two runs of the same program differ too. The table has responses per
second, and processor time per request, which other programs on the machine disturb less.
"""

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

from locust_asyncdjango.lab.commands.arguments import Parser
from locust_asyncdjango.lab.environment import services
from locust_asyncdjango.lab.environment.process import free_port, python, running
from locust_asyncdjango.lab.environment.servers import SERVERS, Application, RunningServer, running_server, site_env
from locust_asyncdjango.lab.errors import TrialError, UsageError
from support.harness import run, spread

HERE = Path(__file__).resolve().parent
POSTS = 1000
MAX_CONNECTIONS = 100
CONNECTIONS = 10
PAIRS_PER_START = 2
MOST_ROUNDS = 100
MOST_SECONDS = 60.0
PLAIN_SITE = Application("plain_site:wsgi", "plain_site:asgi", ready_path="/")
TARGET_SITE = Application("target_site.wsgi:application", "target_site.asgi:application")
"""Without the probe, whose cost probe_cost.py measures."""

POST_ID = "id=2b3f081d-ca26-4796-4cad-ebb3b7baad50"
FORM = "title=A+title&content=" + "+".join(["The+quick+brown+fox+jumps+over+the+lazy+dog."] * 3)

HEADINGS = (
    f"{'view':22}{'plain req/s':>12}{'ours req/s':>12}{'ours / plain':>24}"
    f"{'plain ms':>12}{'ours ms':>12}{'ours / plain':>24}"
)

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True, slots=True)
class View:
    """A view that both sites have, and the request to it. form: the body of a POST, "" for a GET."""

    name: str
    server: str
    query: str = ""
    form: str = ""

    @property
    def route(self) -> str:
        """Return the route whose variant it is."""
        return self.name.partition("/")[0]

    @property
    def status(self) -> int:
        """Return the expected status of a response."""
        return 201 if self.form else 200

    def url(self, site: str) -> str:
        """Return the address of the view on a site."""
        return f"{site}/{self.name}/" + (f"?{self.query}" if self.query else "")


# Views that write come last, so that the table does not grow while the others read it.
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
    """The views to measure, rounds (pairs for each view), and seconds for each side of a pair."""

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
    """The result of one side: responses per second, and the server's processor time per request."""

    rate: float
    cpu_ms: float


@dataclass(frozen=True, slots=True)
class Pair:
    """The figures of both sides, measured one right after the other."""

    plain: Figures
    ours: Figures

    @property
    def speed(self) -> float:
        """Return our rate divided by the plain one: above 1, ours is faster."""
        return self.ours.rate / self.plain.rate

    @property
    def cpu(self) -> float:
        """Return our processor time divided by the plain one: above 1, ours needs more."""
        return self.ours.cpu_ms / self.plain.cpu_ms


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a row for each view, then a verdict for each."""
    return run("target_site_overhead", arguments, parse, bench)


def parse(arguments: Sequence[str] | None) -> Options:
    """Return the options of the command line. Raise UsageError."""
    parser = Parser(prog="target_site_overhead", description="Is a view of the target site slower than a plain view?")
    known = ", ".join(VIEWS)
    parser.add_argument("--views", metavar="NAME,...", default="", help=f"routes, or views: {known} (default: all)")
    parser.add_argument("--rounds", type=int, default=6, help="pairs for each view (default: %(default)s)")
    parser.add_argument("--seconds", type=float, default=2, help="for each side of a pair (default: %(default)s)")
    parsed = parser.parse_args(arguments)
    return Options(select_views(parsed.views), parsed.rounds, parsed.seconds)


def select_views(names: str) -> tuple[View, ...]:
    """Return the views with these names or routes, or all views for "". Raise UsageError for an unknown name."""
    selected = names.split(",") if names else list(VIEWS)
    known = {*VIEWS, *(view.route for view in VIEWS.values())}
    for name in selected:
        if name not in known:
            raise UsageError(f"there is no view {name!r}; choose from {', '.join(VIEWS)}")
    return tuple(view for view in VIEWS.values() if view.name in selected or view.route in selected)


def bench(options: Options, logs: Path) -> None:
    """Measure, and print each view as soon as it is measured. Raise LabError."""
    # All services run on this machine, and the user's own database is not filled.
    for variable in ("DATABASE_URL", *services.ROUTE_SERVICES.values()):
        os.environ.pop(variable, None)
    verdicts = []
    services.prepare(services.ROUTE_SERVICES, POSTS, logs)
    with services.running_services(services.ROUTE_SERVICES, POSTS, MAX_CONNECTIONS, logs) as env:
        print("req/s and ms of processor per request; ours / plain: median of the pairs (min..max)")
        print(HEADINGS, flush=True)
        for view in options.views:
            pairs = list(measure_pairs(view, options, logs, env))
            print(row(view, pairs), flush=True)
            verdicts.append(f"{view.name:22}{verdict(pairs)}")
    print("", *verdicts, sep="\n")


def measure_pairs(view: View, options: Options, logs: Path, env: Mapping[str, str]) -> Iterator[Pair]:
    """Measure a view. Yield its pairs, the plain site first in every other pair."""
    for done in range(0, options.rounds, PAIRS_PER_START):
        with both_sides(view, logs, env) as (plain, ours):
            check_same(view, plain.url, ours.url)
            for round_ in range(done, min(done + PAIRS_PER_START, options.rounds)):
                order = (plain, ours) if round_ % 2 == 0 else (ours, plain)
                measured_by_url = {site.url: measure_side(view, site, options.seconds, logs) for site in order}
                yield Pair(measured_by_url[plain.url], measured_by_url[ours.url])


@contextmanager
def both_sides(
    view: View, logs: Path, services_env: Mapping[str, str]
) -> Iterator[tuple[RunningServer, RunningServer]]:
    """Start the plain site and ours. Both have their defaults, whatever the user has set for the target site."""
    server = SERVERS[view.server]
    env = {name: value for name, value in site_env(services_env).items() if not name.startswith("TARGET_SITE_")}
    # The target site sets it too. It saves a query for each connection, which is about settings and not about views.
    env |= {"PGTZ": "UTC", "PYTHONPATH": str(HERE / "sites")}
    folders = [logs / side for side in ("plain", "ours")]
    for folder in folders:
        folder.mkdir(exist_ok=True)
    with (
        running_server(server, free_port(), folders[0], env, application=PLAIN_SITE) as plain_site,
        running_server(server, free_port(), folders[1], env, application=TARGET_SITE) as our_site,
    ):
        yield plain_site, our_site


def check_same(view: View, plain: str, ours: str) -> None:
    """Raise TrialError if the two sides send different responses. Keys and times of new posts may differ."""
    answers = [fetch_comparable(view, view.url(site)) for site in (plain, ours)]
    if answers[0] != answers[1]:
        raise TrialError(f"{view.name} does not answer the same: plain {answers[0]!r:.300}, ours {answers[1]!r:.300}")


def fetch_comparable(view: View, url: str) -> tuple[int, str | None, bytes]:
    """Return status, media type and body, without keys and times of new posts. Raise TrialError."""
    try:
        with _DIRECT.open(url, data=view.form.encode() or None, timeout=30) as response:
            status, media_type, body = response.status, response.headers["Content-Type"], response.read()
    except OSError as error:
        raise TrialError(f"{url} does not answer: {error}") from None
    if view.form:
        body = re.sub(rb'"(id|created_at|updated_at)": "[\dT:.+a-f-]+"', rb'"\1": ...', body)
    return status, media_type, body


def measure_side(view: View, site: RunningServer, seconds: float, logs: Path) -> Figures:
    """Return what the closed loop measures on one side. Raise TrialError."""
    log = logs / "closed_loop.log"
    log.unlink(missing_ok=True)
    request = [f"--expect={view.status}", f"--form={view.form}"]
    load = [f"--connections={CONNECTIONS}", f"--seconds={seconds}"]
    before_s = cpu_s(site)
    with running(
        python(str(HERE / "support" / "closed_loop.py"), view.url(site.url), *request, *load), log=log
    ) as program:
        failed = program.wait()
        if failed or program.last_log_line().startswith("0.0 "):
            raise TrialError(f"{view.name} cannot be measured: {program.last_log_line()}; try more --seconds")
        rate, answers = program.last_log_line().split()
    return Figures(float(rate), 1000 * (cpu_s(site) - before_s) / int(answers))


def cpu_s(site: RunningServer) -> float:
    """Return the processor time that a server and its workers have used so far, in seconds."""
    master = psutil.Process(site.program.pid)
    times = [process.cpu_times() for process in (master, *master.children(recursive=True))]
    return sum(time.user + time.system for time in times)


def row(view: View, pairs: Sequence[Pair]) -> str:
    """Return a line of the table."""
    median = statistics.median
    return (
        f"{view.name:22}{median(p.plain.rate for p in pairs):12.1f}{median(p.ours.rate for p in pairs):12.1f}"
        f"{spread([p.speed for p in pairs], 3):>24}"
        f"{median(p.plain.cpu_ms for p in pairs):12.3f}{median(p.ours.cpu_ms for p in pairs):12.3f}"
        f"{spread([p.cpu for p in pairs], 3):>24}"
    )


def verdict(pairs: Sequence[Pair]) -> str:
    """Return what all pairs agree on. By chance alone, n pairs agree on "slower" in one of 2**n views."""
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
