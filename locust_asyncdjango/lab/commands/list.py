"""``locust-asyncdjango list``: routes, variants, servers, and where the example locustfiles are.

It works in the plain install: neither this module nor its imports need an extra.
"""

from argparse import Namespace

from locust_asyncdjango.extras import install_command
from locust_asyncdjango.lab.commands.arguments import Command
from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.servers import SERVERS, Server, is_installed
from locust_asyncdjango.routes import ROUTES


def print_routes_and_servers(_options: Namespace) -> int:
    """Print each route with its locustfile and variants, and each server with its slots. Return 0."""
    print("routes (the natural variant of each is sync on WSGI, async on ASGI)")
    for route in ROUTES.values():
        print(f"  {route.name:<18} {route.method:<5} {locustfile(route.name)}")
        print(f"    sync:  {', '.join(route.sync_variants)}")
        print(f"    async: {', '.join(route.async_variants)}")
    print("servers")
    for server in SERVERS.values():
        print(f"  {server.name:<20} {_describe(server)}")
    return 0


def _describe(server: Server) -> str:
    slots = "unbounded" if server.slots is None else server.slots
    missing = "" if is_installed(server) else f"; {install_command(server.extra)}"
    return f"{server.interface}, slots: {slots}{missing}"


COMMAND = Command(
    name="list",
    summary="Show routes, variants and servers, and where the example locustfiles are.",
    execute=print_routes_and_servers,
)
