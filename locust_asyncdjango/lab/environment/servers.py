"""The servers: a table of how each is started (SERVERS). To add a server, add a row."""

import importlib.util
import os
import re
import secrets
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from locust_asyncdjango.extras import install_command
from locust_asyncdjango.lab.environment.http_client import responds
from locust_asyncdjango.lab.environment.packages import package_folder
from locust_asyncdjango.lab.environment.process import START_DEADLINE_S, Program, running, wait_until
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.metrics.strict_json import read_value
from locust_asyncdjango.probe.protocol import APPLICATION_VARIABLE, TOKEN_VARIABLE

SETTINGS_VARIABLE = "DJANGO_SETTINGS_MODULE"
MAX_WORKERS = 64
"""The most processes of a server that --workers accepts."""


@dataclass(frozen=True, slots=True)
class Application:
    """What a server serves: a Django project, and the Python that runs it.

    wsgi, asgi: its WSGI and its ASGI application, each as module:attribute, as servers get them.
    own_wsgi, own_asgi: the applications that the probe wraps, where wsgi and asgi are the probe's; "" for Django's own.
    python: the path of the interpreter.
    start: the argument of Python before the server's module: it decides where Python looks for modules.
    folder: the working directory; by default one that holds no module and no settings file.
    ready_path: a path that responds as soon as the server runs.
    """

    wsgi: str
    asgi: str
    python: str = sys.executable
    start: str = "-P"
    folder: Path = Path("/")
    ready_path: str = "/healthz"
    own_wsgi: str = ""
    own_asgi: str = ""

    def env(self, interface: str) -> dict[str, str]:
        """Return the variable that names what the probe wraps on an interface; none for Django's own application."""
        own = self.own_asgi if interface == "asgi" else self.own_wsgi
        return {APPLICATION_VARIABLE: own} if own else {}

    def for_interface(self, interface: str) -> str:
        """Return the application of an interface, wsgi or asgi."""
        return self.asgi if interface == "asgi" else self.wsgi


# -P: Python does not look for modules in its working directory.
BUNDLED_SITE = Application(
    wsgi="locust_asyncdjango.probe.wsgi:application",
    asgi="locust_asyncdjango.probe.asgi:application",
    own_wsgi="target_site.wsgi:application",
    own_asgi="target_site.asgi:application",
)


@dataclass(frozen=True, slots=True)
class Server:
    """A way to run Django.

    name: what users call it.
    interface: wsgi or asgi.
    slots: requests that one process can work on at once inside view code; None for unbounded.
    argv: its command line, with {port}, and where they apply {workers}, {threads}, {backlog}, {python}, {start} and
        {application}, the last three of the ``Application`` that it serves.
    package: the module that it needs. extra: the extra of locust-asyncdjango that installs it.
    identity: what the probe recognizes it as (locust_asyncdjango.probe.project.server); "" where that is not checked.
    no_access_log_flags, access_log_flags: the end of its command line without and with an access log.
    stats_port: the port of uWSGI's statistics while it is served; 0 for none.
    url: the address of a server that runs already; such a server has no argv.
    threads: the threads of each process; 0 where its command line has no {threads}.
    """

    name: str
    interface: str
    slots: int | None = None
    argv: tuple[str, ...] = ()
    package: str = ""
    extra: str = "lab"
    identity: str = ""
    no_access_log_flags: str = ""
    access_log_flags: str = ""
    stats_port: int = 0
    url: str = ""
    threads: int = 0

    @property
    def is_gevent(self) -> bool:
        """Whether gevent must have patched its processes."""
        return self.identity.endswith(" gevent")

    @property
    def has_workers(self) -> bool:
        """Whether its number of processes can be set."""
        return any("{workers}" in part for part in self.argv)

    @property
    def has_threads(self) -> bool:
        """Whether the number of threads of each process can be set."""
        return any("{threads}" in part for part in self.argv)

    def with_threads(self, threads: int) -> Self:
        """Return the server with so many threads in each process, each of which is a slot."""
        return replace(self, threads=threads, slots=threads)

    def command(
        self,
        port: int,
        workers: int = 1,
        *,
        application: Application = BUNDLED_SITE,
        with_access_log: bool = False,
        stats_port: int = 0,
    ) -> list[str]:
        """Return the command line with which it listens on a port of 127.0.0.1.

        workers: its number of processes.
        application: what it serves.
        stats_port: where uWSGI serves its statistics; 0 for nowhere.
        """
        values = {
            "port": port,
            "workers": workers,
            "threads": self.threads,
            "backlog": _backlog(),
            "python": application.python,
            "start": application.start,
            "application": application.for_interface(self.interface),
            "gunicorn_settings": package_folder("locust_asyncdjango.probe") / "gunicorn_settings.py",
        }
        access_log = self.access_log_flags if with_access_log else self.no_access_log_flags
        stats = [f"--stats=127.0.0.1:{stats_port}"] if stats_port else []
        return [*(part.format_map(values) for part in self.argv), *access_log.split(), *stats]


def with_current_names(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members of a server in a results folder by the names of format 4; in format 3 two had others."""
    renamed = dict(members)
    if "inside" in renamed:
        renamed["identity"] = renamed.pop("inside")
    if "access_log" in renamed:
        flags = read_value(tuple[str, str], renamed.pop("access_log"), "access_log")
        renamed["no_access_log_flags"], renamed["access_log_flags"] = flags
    return renamed


def _backlog() -> int:
    """Return how many connections may wait to be accepted: gunicorn's default, or Linux's limit if that is lower.

    uWSGI does not start with more than Linux's limit.
    """
    limit = Path("/proc/sys/net/core/somaxconn")
    return min(2048, int(limit.read_text(encoding="ascii"))) if limit.exists() else 128


# Arguments of Python.
_GUNICORN = (
    "-m gunicorn --config={gunicorn_settings} --bind=127.0.0.1:{port} --workers={workers} --backlog={backlog}"
    " --graceful-timeout=3 --log-level=warning {application} --worker-class="
)
_UVICORN = "-m uvicorn --port={port} --workers={workers} --backlog={backlog} {application}"
# --http-socket closes each connection: a kept connection would hold a slot. --die-on-term: else SIGTERM restarts uWSGI.
_UWSGI = (
    "-c 'import pyuwsgi; pyuwsgi.run()' --http-socket=127.0.0.1:{port} --processes={workers} --listen={backlog}"
    " --master --need-app --die-on-term --enable-threads --module={application} "
)
_GRANIAN = (
    "-m granian --host=127.0.0.1 --port={port} --workers={workers} --backlog={backlog} --log-level=error {application}"
    " --interface="
)
_HYPERCORN = (
    "-m hypercorn --bind=127.0.0.1:{port} --workers={workers} --backlog={backlog} --graceful-timeout=3 {application}"
)
_DAPHNE = "-m daphne --bind=127.0.0.1 --port={port} --verbosity=0 {application}"
_WAITRESS = "-m waitress --listen=127.0.0.1:{port} --threads={threads} {application}"
_ACCESS_LOG_FLAGS = {
    "gunicorn": ("", "--access-logfile=-"),
    "uvicorn": ("--no-access-log --log-level=warning", "--access-log --log-level=info"),
    "uwsgi": ("--disable-logging", ""),
    "granian": ("--no-access-log", "--access-log"),
    "hypercorn": ("--log-level=warning", "--log-level=info --access-logfile=-"),
    "daphne": ("", "--access-log=-"),
    "waitress": ("", ""),
}


def _row(
    name: str, interface: str, slots: int | None, extra: str, identity: str, arguments: str, stats_port: int = 0
) -> Server:
    program = identity.partition(" ")[0]
    argv = ("{python}", "{start}", *shlex.split(arguments))
    return Server(
        name,
        interface,
        slots,
        argv,
        package="pyuwsgi" if program == "uwsgi" else program,
        extra=extra,
        identity=identity,
        no_access_log_flags=_ACCESS_LOG_FLAGS[program][0],
        access_log_flags=_ACCESS_LOG_FLAGS[program][1],
        stats_port=stats_port,
        threads=slots or 0 if "{threads}" in arguments else 0,
    )


SERVERS = {
    server.name: server
    for server in (
        _row("gunicorn-sync", "wsgi", 1, "lab", "gunicorn sync", _GUNICORN + "sync"),
        _row("gunicorn-100-threads", "wsgi", 100, "lab", "gunicorn gthread", _GUNICORN + "gthread --threads={threads}"),
        _row("gunicorn-gevent", "wsgi", 1000, "lab", "gunicorn gevent", _GUNICORN + "gevent --worker-connections=1000"),
        _row("gunicorn-uvicorn", "asgi", None, "lab", "gunicorn uvicorn", _GUNICORN + "uvicorn_worker.UvicornWorker"),
        _row("gunicorn-asgi", "asgi", None, "lab", "gunicorn asgi", _GUNICORN + "asgi"),
        _row("uvicorn", "asgi", None, "lab", "uvicorn", _UVICORN),
        _row("uwsgi-2-threads", "wsgi", 2, "lab", "uwsgi", _UWSGI + "--threads={threads}", stats_port=3030),
        _row("uwsgi-100-threads", "wsgi", 100, "lab", "uwsgi", _UWSGI + "--threads={threads}", stats_port=3031),
        _row(
            "uwsgi-gevent",
            "wsgi",
            100,
            "lab",
            "uwsgi gevent",
            _UWSGI + "--gevent=100 --gevent-early-monkey-patch",
            stats_port=3032,
        ),
        _row("granian-wsgi", "wsgi", 100, "servers", "granian", _GRANIAN + "wsgi --blocking-threads={threads}"),
        _row("granian-asgi", "asgi", None, "servers", "granian", _GRANIAN + "asgi"),
        _row("hypercorn", "asgi", None, "servers", "hypercorn", _HYPERCORN),
        _row("daphne", "asgi", None, "servers", "daphne", _DAPHNE),
        _row("waitress", "wsgi", 4, "servers", "waitress", _WAITRESS),
    )
}
PUBLISHED = ("gunicorn-sync", "gunicorn-uvicorn")
"""The servers of the published comparisons. They are measured if the user names none."""


def server_title(name: str, threads: int) -> str:
    """Return what a server of the table is called with so many threads in each process; 0 for its own number.

    The number in a name is that of its threads: gunicorn-100-threads is gunicorn-4-threads with 4 of them.
    """
    return f"{re.sub(r'-[0-9]+-threads$', '', name)}-{threads}-threads" if threads else name


def is_installed(server: Server) -> bool:
    """Return whether the package that it needs is installed."""
    return not server.package or importlib.util.find_spec(server.package) is not None


def check_server(server: Server, workers: int) -> None:
    """Raise UsageError where a server cannot be started, or not with so many processes."""
    if not is_installed(server):
        raise UsageError(f"{server.name} is not installed: {install_command(server.extra)}")
    check_workers(workers)
    program = server.command(port=0)[0] if server.argv else ""
    if program and not shutil.which(program, path=search_path()):
        raise UsageError(f"{server.name}: there is no program {program!r} on PATH; install it, or correct argv")
    if workers > 1 and not server.has_workers:
        raise UsageError(f"{server.name} cannot have more than one process; leave out --workers, or the server")


def search_path() -> str:
    """Return the PATH for the programs of servers, in which the folder of this Python comes first."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def check_workers(workers: int) -> None:
    """Raise UsageError for a number of processes out of range."""
    if not 1 <= workers <= MAX_WORKERS:
        raise UsageError(f"--workers must be from 1 to {MAX_WORKERS}")


def find_server(name: str, servers: Mapping[str, Server] = SERVERS) -> Server:
    """Return the server of that name. Raise UsageError with all names where there is none."""
    if name not in servers:
        raise UsageError(f"there is no server {name!r}; choose from {', '.join(servers)}")
    return servers[name]


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that runs and responds.

    stats_port: where uWSGI serves its statistics; 0 for nowhere.
    token: with which the site's pages for the lab answer.
    """

    url: str
    program: Program
    stats_port: int
    token: str = field(default="", repr=False)


@contextmanager
def running_server(
    server: Server,
    port: int,
    folder: Path,
    env: Mapping[str, str],
    workers: int = 1,
    stats_port: int = 0,
    application: Application = BUNDLED_SITE,
) -> Iterator[RunningServer]:
    """Start a server, and yield it once it responds.

    port: of 127.0.0.1. folder: where it writes its log. workers: its number of processes.
    env: its environment. Where it has no token, the server gets one that is new at each start.
    stats_port: where uWSGI serves its statistics; 0 for nowhere.
    application: what it serves.
    Raise TrialError where it does not start.
    """
    url = f"http://127.0.0.1:{port}"
    with_access_log = env.get("TARGET_SITE_ACCESS_LOG") == "on"
    command = server.command(
        port, workers, application=application, with_access_log=with_access_log, stats_port=stats_port
    )
    token = env.get(TOKEN_VARIABLE) or secrets.token_urlsafe(32)
    log = folder / f"{server.name}.log"
    env_with_token = {**env, **application.env(server.interface), TOKEN_VARIABLE: token}
    with ExitStack() as stack:
        try:
            starting = running(command, name=server.name, log=log, cwd=application.folder, env=env_with_token)
            program = stack.enter_context(starting)
        except OSError as error:
            raise TrialError(f"{server.name} cannot be started: {error.strerror}: {error.filename}") from None
        if not wait_until(lambda: responds(f"{url}{application.ready_path}"), program, START_DEADLINE_S):
            time_limit = f" in {START_DEADLINE_S} s" if program.exit_code() is None else ""
            raise TrialError(f"{server.name} did not start{time_limit}: {program.failure_cause()}")
        yield RunningServer(url, program, stats_port, token)


def site_env(services: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for the target site: the user's, and the variables that name the site's services.

    Variables that would change the settings of a server are left out, and so is the user's token (``user_token``).
    """
    unwanted = ("GUNICORN_", "UVICORN_", "UWSGI_", "GRANIAN_", "WEB_CONCURRENCY", "PSYCOPG_WAIT_FUNC", TOKEN_VARIABLE)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**inherited, "PATH": search_path(), **services, SETTINGS_VARIABLE: "target_site.settings"}


def server_env(server: Server, services: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for a server: that of the target site, or, for a server of the user's, the user's own.

    The user's command line says what is served. Django's settings module is the one that the user's environment names,
    or else the one that the application's own wsgi.py or asgi.py chooses.
    """
    env = site_env(services)
    if not server.identity:
        del env[SETTINGS_VARIABLE]
        env |= {name: value for name, value in os.environ.items() if name == SETTINGS_VARIABLE}
    return env


def user_token() -> str:
    """Return the token that the user has set, for a server that one program starts and another one checks; "" for none.

    Raise UsageError where it cannot be sent in a header.
    """
    token = os.environ.get(TOKEN_VARIABLE, "")
    if not re.fullmatch("[!-~]*", token):
        raise UsageError(f"{TOKEN_VARIABLE} must be of letters, digits and signs of ASCII, without spaces")
    return token
