"""The servers: a table of how each is started. Adding one is adding a row."""

import importlib.util
import os
import shlex
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from locust_asyncdjango.lab.environment.http_client import responds
from locust_asyncdjango.lab.environment.process import Program, running, wait_until
from locust_asyncdjango.lab.errors import TrialError, UsageError

START_DEADLINE_S = 60
MAX_WORKERS = 64


@dataclass(frozen=True, slots=True)
class Server:
    """A way to run Django.

    interface: wsgi or asgi. slots: requests that one process of it can have in flight inside view code, None for
    unbounded. argv: with {port}, and where they make sense {workers}, {backlog} and {python}. package: the module that
    it needs; extra: which of ours brings it. identity: what the target site sees it to be
    (target_site.site_info.server_info), "" where that is not checked. access_log: what its argv ends with where it
    is to write none, and where it is to
    write one. stats_port: the usual one of uWSGI's statistics, while it is kept up. url: where it runs already; then it
    has no argv.
    """

    name: str
    interface: str
    slots: int | None = None
    argv: tuple[str, ...] = ()
    package: str = ""
    extra: str = "lab"
    identity: str = ""
    access_log: tuple[str, str] = ("", "")
    stats_port: int = 0
    url: str = ""

    @property
    def is_gevent(self) -> bool:
        """Whether gevent has to have patched its processes."""
        return self.identity.endswith(" gevent")

    @property
    def has_workers(self) -> bool:
        """Whether it can be told how many processes to have."""
        return any("{workers}" in part for part in self.argv)

    def command(self, port: int, workers: int = 1, *, with_access_log: bool = False, stats_port: int = 0) -> list[str]:
        """The command line that makes it listen on a port of 127.0.0.1, with so many worker processes.

        stats_port: where uWSGI is to tell its statistics; 0 for nowhere.
        """
        values = {"port": port, "workers": workers, "backlog": _backlog(), "python": sys.executable}
        stats = [f"--stats=127.0.0.1:{stats_port}"] if stats_port else []
        return [*(part.format_map(values) for part in self.argv), *self.access_log[with_access_log].split(), *stats]


def _backlog() -> int:
    """Connections that may wait to be accepted: gunicorn's default, or what Linux grants; uWSGI takes no more."""
    granted = Path("/proc/sys/net/core/somaxconn")
    return min(2048, int(granted.read_text(encoding="ascii"))) if granted.exists() else 128


_WSGI, _ASGI = " target_site.wsgi:application", " target_site.asgi:application"
# What Python is given. No control socket: its default is one file in the user's home for all gunicorns.
_GUNICORN = (
    "-m gunicorn --bind=127.0.0.1:{port} --workers={workers} --backlog={backlog} --graceful-timeout=3"
    " --no-control-socket --log-level=warning --worker-class="
)
_UVICORN = "-m uvicorn --port={port} --workers={workers} --backlog={backlog}" + _ASGI
# --http-socket closes each connection: kept ones would hold a slot each. --die-on-term: SIGTERM would restart it.
_UWSGI = (
    "-c 'import pyuwsgi; pyuwsgi.run()' --http-socket=127.0.0.1:{port} --processes={workers} --listen={backlog}"
    " --master --need-app --die-on-term --enable-threads --module=target_site.wsgi "
)
_GRANIAN = (
    "-m granian --host=127.0.0.1 --port={port} --workers={workers} --backlog={backlog} --log-level=error --interface="
)
_HYPERCORN = "-m hypercorn --bind=127.0.0.1:{port} --workers={workers} --backlog={backlog} --graceful-timeout=3" + _ASGI
_DAPHNE = "-m daphne --bind=127.0.0.1 --port={port} --verbosity=0" + _ASGI
_WAITRESS = "-m waitress --listen=127.0.0.1:{port} --threads=4" + _WSGI
_ACCESS_LOGS = {
    "gunicorn": ("", "--access-logfile=-"),
    "uvicorn": ("--no-access-log --log-level=warning", "--access-log --log-level=info"),
    "uwsgi": ("--disable-logging", ""),
    "granian": ("--no-access-log", "--access-log"),
    "hypercorn": ("--log-level=warning", "--log-level=info --access-logfile=-"),
    "daphne": ("", "--access-log=-"),
    "waitress": ("", ""),
}


def _row(
    name: str, interface: str, slots: int | None, extra: str, inside: str, arguments: str, stats: int = 0
) -> Server:
    program = inside.partition(" ")[0]
    package = "pyuwsgi" if program == "uwsgi" else program
    # -P: Python does not look for modules in its working directory.
    argv = ("{python}", "-P", *shlex.split(arguments))
    return Server(name, interface, slots, argv, package, extra, inside, _ACCESS_LOGS[program], stats)


SERVERS = {
    server.name: server
    for server in (
        _row("gunicorn-sync", "wsgi", 1, "lab", "gunicorn sync", _GUNICORN + "sync" + _WSGI),
        _row(
            "gunicorn-100-threads", "wsgi", 100, "lab", "gunicorn gthread", _GUNICORN + "gthread --threads=100" + _WSGI
        ),
        _row(
            "gunicorn-gevent",
            "wsgi",
            1000,
            "lab",
            "gunicorn gevent",
            _GUNICORN + "gevent --worker-connections=1000" + _WSGI,
        ),
        _row(
            "gunicorn-uvicorn",
            "asgi",
            None,
            "lab",
            "gunicorn uvicorn",
            _GUNICORN + "uvicorn_worker.UvicornWorker" + _ASGI,
        ),
        _row("gunicorn-asgi", "asgi", None, "lab", "gunicorn asgi", _GUNICORN + "asgi" + _ASGI),
        _row("uvicorn", "asgi", None, "lab", "uvicorn", _UVICORN),
        _row("uwsgi-2-threads", "wsgi", 2, "lab", "uwsgi", _UWSGI + "--threads=2", stats=3030),
        _row("uwsgi-100-threads", "wsgi", 100, "lab", "uwsgi", _UWSGI + "--threads=100", stats=3031),
        _row(
            "uwsgi-gevent",
            "wsgi",
            100,
            "lab",
            "uwsgi gevent",
            _UWSGI + "--gevent=100 --gevent-early-monkey-patch",
            stats=3032,
        ),
        _row("granian-wsgi", "wsgi", 100, "servers", "granian", _GRANIAN + "wsgi --blocking-threads=100" + _WSGI),
        _row("granian-asgi", "asgi", None, "servers", "granian", _GRANIAN + "asgi" + _ASGI),
        _row("hypercorn", "asgi", None, "servers", "hypercorn", _HYPERCORN),
        _row("daphne", "asgi", None, "servers", "daphne", _DAPHNE),
        _row("waitress", "wsgi", 4, "servers", "waitress", _WAITRESS),
    )
}
PUBLISHED = ("gunicorn-sync", "gunicorn-uvicorn")
"""The servers that the published comparisons put side by side."""


def is_installed(server: Server) -> bool:
    """Whether its program can be started here."""
    return not server.package or importlib.util.find_spec(server.package) is not None


def check_server(server: Server, workers: int) -> None:
    """Raises UsageError where a server cannot be started so."""
    if not is_installed(server):
        raise UsageError(f"{server.name} is not installed: pip install 'locust-asyncdjango[{server.extra}]'")
    check_workers(workers)
    program = server.command(port=0)[0] if server.argv else ""
    if program and not shutil.which(program, path=search_path()):
        raise UsageError(f"{server.name}: there is no program {program!r}; see that it is installed and on PATH")
    if workers > 1 and not server.has_workers:
        raise UsageError(f"{server.name} has no number of processes to set; leave --workers, or the server, out")


def search_path() -> str:
    """Where servers' programs are looked for: what is installed with the lab comes first, active environment or not."""
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def check_workers(workers: int) -> None:
    """Raises UsageError for a number of processes that no server gets."""
    if not 1 <= workers <= MAX_WORKERS:
        raise UsageError(f"--workers must be from 1 to {MAX_WORKERS}")


def find_server(name: str, known: Mapping[str, Server] = SERVERS) -> Server:
    """A server of the table. Raises UsageError."""
    if name not in known:
        raise UsageError(f"there is no server {name!r}; choose from {', '.join(known)}")
    return known[name]


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that answers."""

    url: str
    program: Program
    stats_port: int


@contextmanager
def running_server(
    server: Server, port: int, folder: Path, env: Mapping[str, str], workers: int = 1, stats_port: int = 0
) -> Iterator[RunningServer]:
    """A server that answers at its URL; its log goes to the folder. Raises TrialError when it does not start."""
    url = f"http://127.0.0.1:{port}"
    with_access_log = env.get("TARGET_SITE_ACCESS_LOG") == "on"
    command = server.command(port, workers, with_access_log=with_access_log, stats_port=stats_port)
    with running(command, log=folder / f"{server.name}.log", env=env) as program:
        if not wait_until(lambda: responds(f"{url}/healthz"), program, START_DEADLINE_S):
            waited = f" in {START_DEADLINE_S} s" if program.exit_code() is None else ""
            raise TrialError(f"{server.name} did not start{waited}: {program.last_log_line()}")
        yield RunningServer(url, program, stats_port)


def site_env(services: Mapping[str, str]) -> dict[str, str]:
    """The environment in which the target site runs: the user's, without what would change a server's settings, and
    the variables that name its services."""
    unwanted = ("GUNICORN_", "UVICORN_", "UWSGI_", "GRANIAN_", "WEB_CONCURRENCY", "PSYCOPG_WAIT_FUNC")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return {**kept, "PATH": search_path(), **services, "DJANGO_SETTINGS_MODULE": "target_site.settings"}
