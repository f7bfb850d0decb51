"""Add latency between the site and its services, or between users and the site, by a proxy process for each."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit, urlunsplit

from locust_asyncdjango.lab.environment.process import START_DEADLINE_S, Program, python, running, wait_until
from locust_asyncdjango.lab.errors import TrialError, UsageError

DEFAULT_PORTS = {"postgresql": 5432, "postgres": 5432, "mysql": 3306, "redis": 6379, "http": 80}
"""Port by URL scheme. Schemes with TLS are left out, because a certificate does not name the proxy's address."""

SERVICE_NAMES = {"DATABASE_URL": "the database", "REDIS_URL": "Redis", "SLOW_API_URL": "the slow API"}
"""What messages call the service that an environment variable names. Others are called as they are."""


@contextmanager
def services_with_latency(services: Mapping[str, str], latency_ms: int, logs: Path) -> Iterator[dict[str, str]]:
    """Start a proxy in front of each service, and yield the environment variables that name the proxies.

    services: environment variable -> URL of the service.
    latency_ms: added to everything that the services send; with 0 there are no proxies.
    logs: the folder that the proxies write their logs to.
    Raise UsageError for a URL that no proxy can stand in front of, and TrialError where a proxy does not start.
    """
    with ExitStack() as stack:
        yield {
            variable: stack.enter_context(
                running_proxy(
                    url,
                    latency_ms,
                    logs / f"proxy-{variable.lower().replace(' ', '-')}.log",
                    name=f"the latency proxy in front of {SERVICE_NAMES.get(variable, variable)}",
                )
            )
            if latency_ms
            else url
            for variable, url in services.items()
        }


@contextmanager
def running_proxy(url: str, latency_ms: int, log: Path, name: str = "the latency proxy") -> Iterator[str]:
    """Start a proxy that adds latency to all that a server sends, and yield the URL that leads through it.

    name: what messages call the proxy.
    Raise UsageError for a URL that no proxy can stand in front of, and TrialError where the proxy does not start.
    """
    flags = (f"--upstream={upstream_address(url)}", f"--latency-ms={latency_ms}")
    argv = python("-m", "locust_asyncdjango.lab.proxy", *flags)
    with running(argv, name=name, log=log) as program:
        if not wait_until(lambda: _listen_address(program) is not None, program, START_DEADLINE_S):
            raise TrialError(f"{name} did not start: {program.failure_cause()}")
        yield url_at_port(url, int(str(_listen_address(program)).rpartition(":")[2]))


def _listen_address(program: Program) -> str | None:
    """Return the address that a proxy has printed, HOST:PORT, or None while it has not printed one."""
    lines = [line for line in program.log_lines() if line.startswith("{") and line.endswith("}")]
    return str(json.loads(lines[0])["listen"]) if lines else None


def upstream_address(url: str) -> str:
    """Return what a proxy in front of a URL connects to, HOST:PORT or unix:/PATH.

    Raise UsageError for a scheme that the proxy cannot pass on.
    """
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS:
        raise UsageError(
            f"no latency can be added to {parts.scheme}:// addresses, only to {', '.join(DEFAULT_PORTS)};"
            " leave the latency out, or name a service at such an address"
        )
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    # PostgreSQL's Unix socket is named by its folder, as the host or as a parameter of the query.
    host = unquote(parts.hostname or "") or parse_qs(parts.query).get("host", ["127.0.0.1"])[0]
    if host.startswith("/"):
        return f"unix:{host}/.s.PGSQL.{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def url_at_port(url: str, port: int) -> str:
    """Return a URL with its host and port replaced by a port of 127.0.0.1."""
    parts = urlsplit(url)
    login, at, _ = parts.netloc.rpartition("@")
    query = {name: values for name, values in parse_qs(parts.query).items() if name not in ("host", "port")}
    replaced = {"netloc": f"{login}{at}127.0.0.1:{port}", "query": urlencode(query, doseq=True, quote_via=quote)}
    return urlunsplit(parts._replace(**replaced))
