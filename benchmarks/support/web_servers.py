"""nginx, a web server that costs little, and wrk, which measures it."""

import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from locust_asyncdjango.lab.environment.process import START_DEADLINE_S, free_port, port_is_free, running, wait_until
from locust_asyncdjango.lab.errors import TrialError, UsageError

NGINX = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        {locations}
    }}
}}
"""


def check_programs(*names: str) -> None:
    """Raise UsageError, with the command that installs them, where programs are missing."""
    missing = [name for name in names if not shutil.which(name)]
    if missing:
        packages = " ".join({"nginx": "nginx-light"}.get(name, name) for name in missing)
        raise UsageError(f"this needs {' and '.join(missing)}: apt-get install {packages}")


@contextmanager
def nginx(folder: Path, locations: str, *, pin: Sequence[str] = ()) -> Iterator[int]:
    """Start an nginx with one worker, and yield its port.

    locations: the configuration of what it serves. pin: a command that it is started by, such as taskset.
    Raise TrialError where it does not start.
    """
    port = free_port()
    # As root its worker would become another user, who may not enter the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    conf = folder / "nginx.conf"
    conf.write_text(NGINX.format(port=port, folder=folder, user=user, locations=locations))
    argv = [*pin, "nginx", "-p", str(folder), "-c", str(conf), "-e", "stderr"]
    with listening(argv, port, folder / "nginx.log"):
        yield port


@contextmanager
def listening(argv: Sequence[str], port: int, log: Path) -> Iterator[None]:
    """Start a server, and wait until it listens on a port of 127.0.0.1. Raise TrialError where it does not."""
    with running(argv, log=log) as program:
        if not wait_until(lambda: not port_is_free(port), program, START_DEADLINE_S):
            raise TrialError(f"the server did not start: {program.last_log_line()}")
        yield


def wrk(url: str, connections: int, seconds: float, folder: Path, *, pin: Sequence[str] = ()) -> str:
    """Run wrk with one thread, in a closed loop, and return what it prints. Raise TrialError for failed requests."""
    log = folder / "wrk.log"
    log.unlink(missing_ok=True)
    flags = ["-t1", f"-c{connections}", f"-d{round(seconds)}s", "--latency"]
    with running([*pin, "wrk", *flags, url], log=log) as program:
        failed = program.wait()
    text = log.read_text()
    if failed or "Socket errors" in text or "Non-2xx" in text:
        raise TrialError(f"requests of wrk failed: {program.last_log_line()}")
    return text


def requests_per_s(text: str) -> float:
    """Return the rate that wrk or hey has printed. Raise TrialError where there is none."""
    match = re.search(r"^\s*Requests/sec:\s+([\d.]+)$", text, re.MULTILINE)
    if not match:
        raise TrialError(f"no rate was printed: {text[-200:]!r}")
    return float(match[1])
