"""``locust-asyncdjango serve``: keep the bundled site running until Ctrl-C, on one server or on all installed ones."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from tempfile import TemporaryDirectory

from locust_asyncdjango.lab.commands.arguments import Command, add_numbers, add_service_options, argument_type
from locust_asyncdjango.lab.commands.console import announce_seeding
from locust_asyncdjango.lab.commands.ports import choose_port, how_to_inspect, stats_port
from locust_asyncdjango.lab.environment import servers
from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.servers import RunningServer, Server, running_server, site_env, user_token
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.experiment.options import whole_number
from locust_asyncdjango.lab.experiment.spec import DEFAULT_POSTS, check_conditions
from locust_asyncdjango.probe.protocol import TOKEN_VARIABLE

DEFAULT_SERVER = "gunicorn-sync"


def add_arguments(parser: ArgumentParser) -> None:
    """Add the server and the flags of ``serve``."""
    number = argument_type(whole_number)
    parser.add_argument("server", nargs="?", metavar="SERVER", help=f"name of a server (default: {DEFAULT_SERVER})")
    parser.add_argument(
        "--all", action="store_true", help="every installed server, from port 8000 on; the slow API on 5000"
    )
    parser.add_argument(
        "--port", type=number, help="port of the first server (default: 8000, or a free one for a single server)"
    )
    add_numbers(parser, {"workers": 1})
    add_service_options(parser, DEFAULT_POSTS)


def serve_until_stopped(options: Namespace) -> int:
    """Keep servers and their services up until a stop signal.

    Raise TrialError when the servers end by themselves, and UsageError where they cannot be started.
    """
    if options.all and options.server:
        raise UsageError(f"name {options.server} or --all, not both")
    check_conditions((options.max_connections,), (options.latency_ms,))
    if options.all:
        from locust_asyncdjango.lab.commands.serve_all import serve_all

        serve_all(options)
    else:
        serve_one(options)
    return 0


def serve_one(options: Namespace) -> None:
    """Keep one server up, and print how to load it. Raise TrialError when it ends by itself, and UsageError."""
    from locust_asyncdjango.lab.environment import services

    server = servers.find_server(options.server or DEFAULT_SERVER)
    servers.check_server(server, options.workers)
    port, token = choose_port(options.port), {TOKEN_VARIABLE: user_token()}
    announce_seeding(options.posts)
    with (
        TemporaryDirectory(prefix="locust-asyncdjango-") as logs,
        services.running_all_services(options.posts, options.max_connections, Path(logs), options.latency_ms) as env,
        running_server(
            server, port, Path(logs), site_env({**env, **token}), options.workers, stats_port=stats_port(server)
        ) as served,
    ):
        print(how_to_load(server, served), flush=True)
        served.program.wait()
        raise TrialError(f"{server.name} ended: {served.program.last_log_line()}")


def how_to_load(server: Server, served: RunningServer) -> str:
    """Return the lines that say where a server listens, and which command loads it."""
    lines = [
        f"{server.name} answers at {served.url}/ until Ctrl-C. To load it, in another terminal:",
        f"  locust -f {locustfile('io_read')} --shape RampTo500 -H {served.url}",
        "and open http://localhost:8089, or add --headless.",
    ]
    return "\n".join([*lines, *how_to_inspect(served)])


COMMAND = Command(
    name="serve",
    summary="Keep the bundled site up on a server, with its services, until Ctrl-C.",
    add_arguments=add_arguments,
    execute=serve_until_stopped,
)
