"""What a project needs while it runs: its database, cache, mail server and processes. Start at ``project_services``."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from locust_asyncdjango.lab.environment.databases.templates import filled_template, filling_lock, running_copy
from locust_asyncdjango.lab.environment.latency_proxy import services_with_latency
from locust_asyncdjango.lab.environment.services import running_redis
from locust_asyncdjango.lab.experiment.arm import DEFAULT_MAX_CONNECTIONS
from locust_asyncdjango.lab.project.prepare import Preparation
from locust_asyncdjango.lab.project.programs.running_processes import choose_ports, running_processes
from locust_asyncdjango.lab.project.project_env import (
    database_values,
    fill_env,
    own_database_url,
    program_env,
    service_values,
)
from locust_asyncdjango.lab.project.proof import LabServices

DATABASE, REDIS = "DATABASE_URL", "REDIS_URL"
PROCESS_PREFIX = "process "
"""The beginning of the name by which a process is one of the services that latency is added to."""


@contextmanager
def project_services(
    preparation: Preparation, max_connections: int, logs: Path, latency_ms: int = 0
) -> Iterator[dict[str, str]]:
    """Start the services of a project with a fresh copy of its database, and yield the values of its placeholders.

    preparation: what fills the database. max_connections: the limit of the lab's database server.
    logs: the folder for the logs of programs. latency_ms: added to all that services send; an SQLite file is none.
    Raise UsageError where one cannot be started at all, and TrialError where it does not start.
    """
    project = preparation.project
    with ExitStack() as stack:
        folders = service_values(folders=stack.enter_context(preparation.folder_copies()))
        urls = {DATABASE: stack.enter_context(_database(preparation, max_connections, logs))}
        if project.redis:
            urls[REDIS] = stack.enter_context(running_redis(logs))
        ports = choose_ports(project)
        direct = {**preparation.services, **folders, **_values(urls, ports)}
        env = program_env(project, fill_env(project, direct), preparation.search_folder)
        stack.enter_context(running_processes(project, env, direct, logs))
        if not latency_ms:
            yield direct
            return
        servers = {name: url for name, url in urls.items() if urlsplit(url).scheme != "sqlite"}
        proxied = {**servers, **{f"{PROCESS_PREFIX}{name}": f"http://127.0.0.1:{port}" for name, port in ports.items()}}
        slow = stack.enter_context(services_with_latency(proxied, latency_ms, logs))
        slow_ports = {name: urlsplit(slow[f"{PROCESS_PREFIX}{name}"]).port or 0 for name in ports}
        yield {**direct, **_values({name: slow.get(name, url) for name, url in urls.items()}, slow_ports)}


@contextmanager
def prepared_database(preparation: Preparation, logs: Path) -> Iterator[None]:
    """Run the commands that fill a project's database, unless what they made before is kept.

    Within the context no other lab removes it. On a server of the user's own the commands run each time.
    Raise UsageError where one fails.
    """
    project = preparation.project
    preparation.announce()
    with preparation.held(), ExitStack() as stack:
        if project.database == "own":
            with filling_lock(preparation.cache):
                preparation.run(own_database_url(project), logs)
        elif preparation.server:
            stack.enter_context(filled_template(preparation.server, preparation.template(), logs))
        elif not preparation.is_kept():
            with _database(preparation, DEFAULT_MAX_CONNECTIONS, logs):
                pass
        yield


def lab_services(values: Mapping[str, str]) -> LabServices:
    """Return the addresses that a project should report. values: of its placeholders."""
    return LabServices(values["db.url"], values.get("redis.url", ""), int(values.get("smtp.port", 0)))


def _values(urls: Mapping[str, str], ports: Mapping[str, int]) -> dict[str, str]:
    """Return the values of the placeholders of services that run."""
    return {**database_values(urls[DATABASE]), **service_values(urls.get(REDIS, ""), process_ports=ports)}


@contextmanager
def _database(preparation: Preparation, max_connections: int, logs: Path) -> Iterator[str]:
    """Yield the URL of a project's database: a copy of what its commands have filled, or the user's own server."""
    project = preparation.project
    if project.database == "own":
        yield own_database_url(project)
    elif preparation.server:
        with running_copy(preparation.server, preparation.template(), max_connections, logs) as url:
            yield url
    else:
        with preparation.sqlite_copy(logs) as url:
            yield url
