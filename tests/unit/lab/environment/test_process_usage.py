"""The table of servers that run."""

import io

from rich.console import Console

from locust_asyncdjango.lab.environment import process_usage
from locust_asyncdjango.lab.environment.servers import SERVERS


def test_the_table_of_servers_that_run_fits_80_columns() -> None:
    members = [
        process_usage.MonitoredServer(
            server.name,
            "http://127.0.0.1:65000",
            server.interface,
            server.slots,
            previous=process_usage.ProcessUsage(0, frozenset(range(2)), 1234.5, 1),
            latest=process_usage.ProcessUsage(2, frozenset(range(10)), 1234.5, 5),
        )
        for server in SERVERS.values()
    ]
    members.append(
        process_usage.MonitoredServer("gone", "http://127.0.0.1:8014", "wsgi", 1, ended="ended (3): out of memory")
    )
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(process_usage.usage_table(members))
    lines = console.export_text().splitlines()
    assert not any("…" in line for line in lines)
    row = next(line for line in lines if line.startswith(" gunicorn-100-threads"))
    assert row.split() == ["gunicorn-100-threads", "http://127.0.0.1:65000", "wsgi", "100", "10", "1234", "200"]
    assert "gone ended (3): out of memory" in "\n".join(lines)
