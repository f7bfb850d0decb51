"""Servers kept up until Ctrl-C: one, or every installed one side by side."""

import os
import sys
import time
from argparse import Namespace
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.live import Live

from locust_asyncdjango.lab.environment import servers, services
from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.process import free_port, port_is_free
from locust_asyncdjango.lab.environment.process_usage import MonitoredServer, usage_table
from locust_asyncdjango.lab.environment.servers import (
    SERVERS,
    RunningServer,
    Server,
    running_server,
    site_env,
)
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.experiment.spec import check_conditions

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
    server = servers.find_server(name)
    servers.check_server(server, wanted.workers)
    port = port_to_serve(wanted.port)
    with (
        TemporaryDirectory(prefix="locust-asyncdjango-") as logs,
        services.running_all_services(wanted.posts, wanted.max_connections, Path(logs), wanted.latency_ms) as env,
        running_server(
            server, port, Path(logs), site_env(env), wanted.workers, stats_port=stats_port(server)
        ) as served,
    ):
        print(how_to_load(server, served), flush=True)
        served.program.wait()
        raise TrialError(f"{name} ended: {served.program.last_log_line()}")


def side_by_side(wanted: Wanted) -> None:
    """Keeps up the slow API and every installed server. Raises TrialError when all have ended by themselves."""
    servers.check_workers(wanted.workers)
    installed = [server for server in SERVERS.values() if servers.is_installed(server)]
    ports = ports_to_serve(DEFAULT_PORT if wanted.port is None else wanted.port, len(installed))
    with ExitStack() as stack:
        logs = Path(stack.enter_context(TemporaryDirectory(prefix="locust-asyncdjango-")))
        beside = [] if os.environ.get("SLOW_API_URL") else [start_slow_api(logs, stack)]
        api_url = beside[0].url if beside else ""
        env = stack.enter_context(
            services.running_all_services(wanted.posts, wanted.max_connections, logs, wanted.latency_ms, api_url)
        )
        members: list[MonitoredServer] = []
        for server, port in zip(installed, ports, strict=True):
            members.append(start(server, port, wanted.workers, env, logs, stack))
        stack.callback(ask_to_stop, members)
        watch(beside, members)


def start_slow_api(logs: Path, stack: ExitStack) -> MonitoredServer:
    """On its usual port, or a free one where that is taken."""
    port = API_PORT if port_is_free(API_PORT) else free_port()
    return MonitoredServer(
        "slow API",
        f"http://127.0.0.1:{port}",
        "asgi",
        None,
        stack.enter_context(services.running_slow_api_on(port, logs)),
    )


def start(
    server: Server, port: int, workers: int, env: dict[str, str], logs: Path, stack: ExitStack
) -> MonitoredServer:
    """A server that is up for as long as the stack, or why it is not; and says which."""
    member = MonitoredServer(server.name, f"http://127.0.0.1:{port}", server.interface, server.slots)
    workers = workers if server.has_workers else 1
    try:
        up = running_server(server, port, logs, site_env(env), workers, stats_port=stats_port(server))
        served = stack.enter_context(up)
        member.program = served.program
        print(f"{server.name}: {served.url}", *look_inside(served), sep="\n  ", flush=True)
    except TrialError as error:
        member.ended = "did not start"
        print(error, file=sys.stderr, flush=True)
    return member


def watch(beside: list[MonitoredServer], members: list[MonitoredServer]) -> None:
    """Shows what servers and what is beside them take: on a terminal each second, elsewhere once; and says when one
    ends, which is not started again. Raises TrialError when no server is left."""
    console = Console()
    shown = beside + members
    look(shown)
    time.sleep(LOOK_S)
    look(shown)
    if not console.is_terminal:
        console.print(usage_table(shown))
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while any(not member.ended for member in members):
            if console.is_terminal:
                live.update(usage_table(shown), refresh=True)
            time.sleep(LOOK_S)
            look(shown)
    raise TrialError("every server has ended")


def ask_to_stop(members: list[MonitoredServer]) -> None:
    """All at once, so that none waits for another."""
    for member in members:
        if member.program:
            member.program.request_stop()


def look(members: list[MonitoredServer]) -> None:
    """Has each note what it takes, and says what has ended, or was started anew by its server."""
    for member in members:
        if told := member.update():
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


def how_to_load(server: Server, served: RunningServer) -> str:
    """What to do with a server that is up."""
    lines = [
        f"{server.name} answers at {served.url}/ until Ctrl-C. To load it, in another terminal:",
        f"  locust -f {locustfile('io_read')} --shape RampTo500 -H {served.url}",
        "and open http://localhost:8089, or add --headless.",
    ]
    return "\n".join([*lines, *look_inside(served)])


def look_inside(served: RunningServer) -> list[str]:
    """How to see the statistics of a server that has some."""
    return (
        [f"to look inside: uwsgitop 127.0.0.1:{served.stats_port} (pip install uwsgitop)"] if served.stats_port else []
    )


DEFAULT_SERVER = "gunicorn-sync"


def serve_until_stopped(options: Namespace) -> int:
    """Keeps servers and their services up; 1 when they end by themselves."""
    if options.all and options.server:
        raise UsageError(f"name {options.server} or --all, not both")
    wanted = Wanted(options.posts, options.max_connections, options.latency_ms, options.workers, options.port)
    check_conditions((options.max_connections,), (options.latency_ms,))
    if options.all:
        side_by_side(wanted)
    else:
        one(options.server or DEFAULT_SERVER, wanted)
    return 0
