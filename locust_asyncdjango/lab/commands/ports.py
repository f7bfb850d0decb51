"""Choose the ports of the servers that ``serve`` starts, and name the command that shows uWSGI's statistics."""

from locust_asyncdjango.lab.environment.process import free_port, port_is_free
from locust_asyncdjango.lab.environment.servers import RunningServer, Server
from locust_asyncdjango.lab.errors import UsageError

DEFAULT_PORT = 8000


def choose_port(requested: int | None) -> int:
    """Return the requested port, or 8000, or a free one where that is taken. Raise UsageError."""
    if requested is None:
        return DEFAULT_PORT if port_is_free(DEFAULT_PORT) else free_port()
    return ports_in_a_row(requested, 1)[0]


def ports_in_a_row(first: int, count: int) -> list[int]:
    """Return ``count`` consecutive ports, from ``first`` on. Raise UsageError where one is taken."""
    if not 1 <= first <= 65536 - count:
        raise UsageError(f"--port must be from 1 to {65536 - count}")
    ports = list(range(first, first + count))
    for port in ports:
        if not port_is_free(port):
            raise UsageError(f"port {port} is taken or may not be used; choose another --port")
    return ports


def stats_port(server: Server) -> int:
    """Return the port of uWSGI's statistics: its usual one, or a free one where that is taken; 0 for other servers."""
    if not server.stats_port:
        return 0
    return server.stats_port if port_is_free(server.stats_port) else free_port()


def how_to_inspect(served: RunningServer) -> list[str]:
    """Return a line with the command that shows a server's statistics; no line for a server without statistics."""
    if not served.stats_port:
        return []
    return [f"to watch its statistics: uwsgitop 127.0.0.1:{served.stats_port} (pip install uwsgitop)"]
