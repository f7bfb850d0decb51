"""Servers kept up until Ctrl-C: one, or every installed one side by side."""

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.live import Live

from locust_asyncdjango.lab import servers, services
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.fleet import Member, table
from locust_asyncdjango.lab.process import Program, free_port, port_is_free
from locust_asyncdjango.lab.servers import SERVERS, Server, serving, site_env
from locust_asyncdjango.lab.trial import locustfile

DEFAULT_PORT = 8000
API_PORT = 5000
LOOK_S = 1


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for, besides the servers. port: of the first of them; None for the usual one."""

    posts: int
    max_connections: int
    latency_ms: int
    workers: int
    port: int | None


def one(name: str, wanted: Wanted) -> None:
    """Keeps a server and its services up. Raises TrialError when it ends by itself, and UsageError."""
    server = servers.named(name)
    servers.check(server, wanted.workers)
    port = port_to_serve(wanted.port)
    with (
        TemporaryDirectory(prefix="locust-asyncdjango-") as logs,
        services.for_all(wanted.posts, wanted.max_connections, Path(logs), wanted.latency_ms) as env,
        kept_up(server, port, wanted.workers, env, Path(logs)) as program,
    ):
        print(how_to_load(name, f"http://127.0.0.1:{port}"), *looks_inside([server]), sep="\n", flush=True)
        program.wait()
        raise TrialError(f"{name} ended: {program.last_words()}")


def side_by_side(wanted: Wanted) -> None:
    """Keeps up the slow API and every installed server. Raises TrialError when all have ended by themselves."""
    servers.check_workers(wanted.workers)
    installed = [server for server in SERVERS.values() if servers.is_installed(server)]
    ports = ports_to_serve(wanted.port or DEFAULT_PORT, len(installed))
    api_port = API_PORT if port_is_free(API_PORT) else free_port()
    api_url = f"http://127.0.0.1:{api_port}"
    with ExitStack() as stack:
        logs = Path(stack.enter_context(TemporaryDirectory(prefix="locust-asyncdjango-")))
        api = stack.enter_context(services.slow_api_on(api_port, logs))
        env = stack.enter_context(
            services.for_all(wanted.posts, wanted.max_connections, logs, wanted.latency_ms, api_url)
        )
        members = [Member("slow API", api_url, "asgi", None, api)]
        for server, port in zip(installed, ports, strict=True):
            members.append(start(server, port, wanted.workers, env, logs, stack))
            print(f"{server.name}: {members[-1].ended or members[-1].url}", flush=True)
        stack.callback(ask_to_stop, members)
        print(*looks_inside(installed), sep="\n", flush=True)
        watch(members)


def start(server: Server, port: int, workers: int, env: dict[str, str], logs: Path, stack: ExitStack) -> Member:
    """A server that is up for as long as the stack, or what it said instead of starting."""
    member = Member(server.name, f"http://127.0.0.1:{port}", server.interface, server.slots)
    try:
        member.program = stack.enter_context(kept_up(server, port, workers if server.has_workers else 1, env, logs))
    except TrialError as error:
        member.ended = str(error)
    return member


def watch(members: list[Member]) -> None:
    """Shows what they take: on a terminal each second, elsewhere once; and says when one ends, which is not started
    again. Raises TrialError when none is left."""
    console = Console()
    look(members)
    time.sleep(LOOK_S)
    look(members)
    if not console.is_terminal:
        console.print(table(members))
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while any(not member.ended for member in members[1:]):
            if console.is_terminal:
                live.update(table(members), refresh=True)
            time.sleep(LOOK_S)
            look(members)
    raise TrialError("every server has ended")


def ask_to_stop(members: list[Member]) -> None:
    """All at once, so that none waits for another."""
    for member in members[1:]:
        if member.program:
            member.program.ask_to_stop()


def look(members: list[Member]) -> None:
    """Has each note what it takes, and says which have ended."""
    for member in members:
        if member.look():
            print(f"{member.name} {member.ended}", file=sys.stderr, flush=True)


@contextmanager
def kept_up(server: Server, port: int, workers: int, env: dict[str, str], logs: Path) -> Iterator[Program]:
    """A server, with uWSGI's statistics where it has some. Raises UsageError where their port is taken."""
    if server.stats_port and not port_is_free(server.stats_port):
        raise UsageError(f"port {server.stats_port}, for {server.name}'s statistics, is taken; see what runs there")
    with serving(server, port, logs, site_env(env), workers, with_stats=bool(server.stats_port)) as served:
        yield served.program


def port_to_serve(wanted: int | None) -> int:
    """The port that was asked for, or else one that is free. Raises UsageError."""
    if wanted is None:
        return DEFAULT_PORT if port_is_free(DEFAULT_PORT) else free_port()
    return ports_to_serve(wanted, 1)[0]


def ports_to_serve(first: int, count: int) -> list[int]:
    """So many ports in a row. Raises UsageError where one is taken."""
    if not 1 <= first <= 65536 - count:
        raise UsageError(f"--port must be from 1 to {65536 - count}")
    ports = list(range(first, first + count))
    for port in ports:
        if not port_is_free(port):
            raise UsageError(f"port {port} is taken or may not be used; choose another --port")
    return ports


def how_to_load(name: str, url: str) -> str:
    """What to do with a server that is up."""
    return (
        f"{name} answers at {url}/ until Ctrl-C. To load it, in another terminal:\n"
        f"  locust -f {locustfile('io_read')} --shape RampTo500 -H {url}\n"
        f"and open http://localhost:8089, or add --headless."
    )


def looks_inside(served: list[Server]) -> list[str]:
    """How to see the statistics of those that have some."""
    return [
        f"To look inside {server.name}: uwsgitop 127.0.0.1:{server.stats_port} (pip install uwsgitop)"
        for server in served
        if server.stats_port
    ]
