"""Servers kept up until Ctrl-C: one, or every installed one side by side."""

import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.live import Live

from locust_asyncdjango.lab import servers, services
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.fleet import Member, table
from locust_asyncdjango.lab.process import free_port, port_is_free
from locust_asyncdjango.lab.servers import SERVERS, Server, Serving, serving, site_env
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
        serving(server, port, Path(logs), site_env(env), wanted.workers, stats_port=stats_port(server)) as served,
    ):
        print(how_to_load(server, served), flush=True)
        served.program.wait()
        raise TrialError(f"{name} ended: {served.program.last_words()}")


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
        stack.callback(ask_to_stop, members)
        watch(members)


def start(server: Server, port: int, workers: int, env: dict[str, str], logs: Path, stack: ExitStack) -> Member:
    """A server that is up for as long as the stack, or why it is not; and says which."""
    member = Member(server.name, f"http://127.0.0.1:{port}", server.interface, server.slots)
    workers = workers if server.has_workers else 1
    try:
        up = serving(server, port, logs, site_env(env), workers, stats_port=stats_port(server))
        served = stack.enter_context(up)
        member.program = served.program
        print(f"{server.name}: {served.url}", *look_inside(served), sep="\n  ", flush=True)
    except TrialError as error:
        member.ended = "did not start"
        print(error, file=sys.stderr, flush=True)
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
    """Has each note what it takes, and says what has ended, or was started anew by its server."""
    for member in members:
        if told := member.look():
            print(f"{member.name} {told}", file=sys.stderr, flush=True)


def stats_port(server: Server) -> int:
    """Where uWSGI is to tell its statistics: the usual port, or a free one where that is taken; 0 for other servers."""
    if not server.stats_port:
        return 0
    return server.stats_port if port_is_free(server.stats_port) else free_port()


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


def how_to_load(server: Server, served: Serving) -> str:
    """What to do with a server that is up."""
    lines = [
        f"{server.name} answers at {served.url}/ until Ctrl-C. To load it, in another terminal:",
        f"  locust -f {locustfile('io_read')} --shape RampTo500 -H {served.url}",
        "and open http://localhost:8089, or add --headless.",
    ]
    return "\n".join([*lines, *look_inside(served)])


def look_inside(served: Serving) -> list[str]:
    """How to see the statistics of a server that has some."""
    return (
        [f"to look inside: uwsgitop 127.0.0.1:{served.stats_port} (pip install uwsgitop)"] if served.stats_port else []
    )
