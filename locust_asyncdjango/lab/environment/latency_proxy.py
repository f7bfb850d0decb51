"""Latency between the site and its services, and between users and the site: a proxy process for each."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit, urlunsplit

from locust_asyncdjango.lab.environment.process import Program, python, running, wait_until
from locust_asyncdjango.lab.errors import TrialError, UsageError

START_DEADLINE_S = 60
DEFAULT_PORTS = {"postgresql": 5432, "postgres": 5432, "redis": 6379, "http": 80}
"""By scheme. Schemes with TLS are not among them: their certificates are not the proxy's."""


@contextmanager
def services_with_latency(services: Mapping[str, str], latency_ms: int, logs: Path) -> Iterator[dict[str, str]]:
    """Environment variables that name services, with latency added to all that these send.

    Raises UsageError for a URL that no proxy can stand before, and TrialError where a proxy does not start.
    """
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(running_proxy(url, latency_ms, logs / f"proxy-{name.lower()}.log"))
            if latency_ms
            else url
            for name, url in services.items()
        }


@contextmanager
def running_proxy(url: str, latency_ms: int, log: Path) -> Iterator[str]:
    """The URL by which something is reached through a proxy that adds latency to what it sends."""
    argv = python(
        "-m", "locust_asyncdjango.lab.proxy", f"--upstream={upstream_address(url)}", f"--latency-ms={latency_ms}"
    )
    with running(argv, log=log) as program:
        if not wait_until(lambda: _listen_address(program) is not None, program, START_DEADLINE_S):
            raise TrialError(f"the latency proxy did not start: {program.last_log_line()}")
        yield url_at_port(url, int(str(_listen_address(program)).rpartition(":")[2]))


def _listen_address(program: Program) -> str | None:
    """Where the proxy says that it listens; None while it has not said so."""
    lines = [line for line in program.log_lines() if line.startswith("{") and line.endswith("}")]
    return str(json.loads(lines[0])["listen"]) if lines else None


def upstream_address(url: str) -> str:
    """What a proxy before a URL connects to. Raises UsageError where none can stand."""
    parts = urlsplit(url)
    if parts.scheme not in DEFAULT_PORTS:
        raise UsageError(f"no latency can be added to {parts.scheme}:// addresses; leave it out, or name another")
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    # PostgreSQL's Unix socket, by its folder: as the host, or as a parameter of the query.
    host = unquote(parts.hostname or "") or parse_qs(parts.query).get("host", ["127.0.0.1"])[0]
    if host.startswith("/"):
        return f"unix:{host}/.s.PGSQL.{port}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def url_at_port(url: str, port: int) -> str:
    """The same URL, but for a port of 127.0.0.1."""
    parts = urlsplit(url)
    login, at, _ = parts.netloc.rpartition("@")
    query = {name: values for name, values in parse_qs(parts.query).items() if name not in ("host", "port")}
    place = {"netloc": f"{login}{at}127.0.0.1:{port}", "query": urlencode(query, doseq=True, quote_via=quote)}
    return urlunsplit(parts._replace(**place))
