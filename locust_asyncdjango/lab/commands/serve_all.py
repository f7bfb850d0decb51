"""``serve --all``: every installed server side by side, and a table of what each uses."""

import os
import sys
import time
from argparse import Namespace
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.live import Live

from locust_asyncdjango.lab.commands.console import announce_seeding
from locust_asyncdjango.lab.commands.ports import DEFAULT_PORT, how_to_inspect, ports_in_a_row, stats_port
from locust_asyncdjango.lab.environment import servers, services
from locust_asyncdjango.lab.environment.process import free_port, port_is_free
from locust_asyncdjango.lab.environment.process_usage import MonitoredServer
from locust_asyncdjango.lab.environment.servers import SERVERS, Server, running_server, site_env, user_token
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.report.terminal_table import TerminalRow, TerminalTable
from locust_asyncdjango.probe.protocol import TOKEN_VARIABLE

API_PORT = 5000
REFRESH_S = 1


def serve_all(options: Namespace) -> None:
    """Keep every installed server and the slow API up. Raise TrialError when all servers have ended, and UsageError."""
    servers.check_workers(options.workers)
    token = {TOKEN_VARIABLE: user_token()}
    installed = [server for server in SERVERS.values() if servers.is_installed(server)]
    ports = ports_in_a_row(DEFAULT_PORT if options.port is None else options.port, len(installed))
    announce_seeding(options.posts)
    with ExitStack() as stack:
        logs = Path(stack.enter_context(TemporaryDirectory(prefix="locust-asyncdjango-")))
        own_services = [] if os.environ.get("SLOW_API_URL") else [_start_slow_api(logs, stack)]
        api_url = own_services[0].url if own_services else ""
        env = stack.enter_context(
            services.running_all_services(options.posts, options.max_connections, logs, options.latency_ms, api_url)
        )
        started: list[MonitoredServer] = []
        for server, port in zip(installed, ports, strict=True):
            started.append(_start(server, port, options.workers, {**env, **token}, logs, stack))
        stack.callback(request_stop, started)
        watch(own_services, started)


def _start_slow_api(logs: Path, stack: ExitStack) -> MonitoredServer:
    """Start the slow API on its usual port, or on a free one where that is taken."""
    port = API_PORT if port_is_free(API_PORT) else free_port()
    program = stack.enter_context(services.running_slow_api_on(port, logs))
    return MonitoredServer("slow API", f"http://127.0.0.1:{port}", "asgi", None, program)


def _start(
    server: Server, port: int, workers: int, env: Mapping[str, str], logs: Path, stack: ExitStack
) -> MonitoredServer:
    """Start a server that stays up as long as the stack, and print its address, or why it did not start."""
    member = MonitoredServer(server.name, f"http://127.0.0.1:{port}", server.interface, server.slots)
    workers = workers if server.has_workers else 1
    try:
        up = running_server(server, port, logs, site_env(env), workers, stats_port=stats_port(server))
        served = stack.enter_context(up)
        member.program = served.program
        print(f"{server.name}: {served.url}", *how_to_inspect(served), sep="\n  ", flush=True)
    except TrialError as error:
        member.ended = "did not start"
        print(error, file=sys.stderr, flush=True)
    return member


def watch(
    own_services: Sequence[MonitoredServer],
    started: Sequence[MonitoredServer],
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Show what servers and services use: each second on a terminal, elsewhere once.

    A server that ends is reported, and not started again. Raise TrialError when no server is left. sleep: for tests.
    """
    console = Console()
    shown = [*own_services, *started]
    _sample(shown)
    sleep(REFRESH_S)
    _sample(shown)
    if not console.is_terminal:
        console.print(usage_table(shown))
    with Live(console=console, auto_refresh=False, transient=True) as live:
        while any(not member.ended for member in started):
            if console.is_terminal:
                live.update(usage_table(shown), refresh=True)
            sleep(REFRESH_S)
            _sample(shown)
    raise TrialError("every server has ended")


def usage_table(servers: Sequence[MonitoredServer]) -> TerminalTable:
    """Return a table of the address of each server and what it uses. Its caption says which have ended, and why."""
    headers = ("server", "address", "side", "slots", "procs", "MB", "CPU %")
    rows = [TerminalRow((server.name, server.url, server.interface, *_figures(server))) for server in servers]
    ended = tuple(f"{server.name} {server.ended}" for server in servers if server.ended)
    return TerminalTable(headers, rows, words=(0, 1, 2), caption=ended)


def _figures(server: MonitoredServer) -> tuple[str, ...]:
    slots = "unbounded" if server.slots is None else str(server.slots)
    if server.ended or server.latest is None:
        return (slots, "ended" if server.ended else "-", "-", "-")
    cpu = "-" if server.cpu_percent is None else f"{server.cpu_percent:.0f}"
    return (slots, str(len(server.latest.pids)), f"{server.latest.memory_mb:.0f}", cpu)


def _sample(members: Sequence[MonitoredServer]) -> None:
    """Read what each member uses, and report those that have ended or lost a process."""
    for member in members:
        if event := member.update():
            print(f"{member.name} {event}", file=sys.stderr, flush=True)


def request_stop(members: Sequence[MonitoredServer]) -> None:
    """Ask all members to stop at once, so that none waits for another."""
    for member in members:
        if member.program:
            member.program.request_stop()
