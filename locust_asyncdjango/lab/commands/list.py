"""``list``: routes, variants, servers, and where the example locustfiles are."""

from argparse import Namespace

from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.servers import SERVERS, is_installed
from locust_asyncdjango.routes import ROUTES


def show_list(_options: Namespace) -> int:
    """Prints what there is."""
    print("routes")
    for route in ROUTES.values():
        print(f"  {route.name:<18} {route.method:<5} {locustfile(route.name)}")
        print(f"    sync:  {', '.join(route.sync_variants)}")
        print(f"    async: {', '.join(route.async_variants)}")
    print("servers")
    for server in SERVERS.values():
        slots = "unbounded" if server.slots is None else server.slots
        missing = "" if is_installed(server) else f"; pip install 'locust-asyncdjango[{server.extra}]'"
        print(f"  {server.name:<20} {server.interface}, slots: {slots}{missing}")
    return 0
