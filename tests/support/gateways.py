"""Run nginx and HAProxy in front of applications, each on a free port of 127.0.0.1."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from locust_asyncdjango.lab.environment.process import free_port, port_is_free, running, wait_until
from tests.support import debian
from tests.support.programs import DEADLINE_S

NGINX = """
daemon off;
{user}
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr crit;
events {{ worker_connections 128; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    limit_req_zone $server_port zone=requests:1m rate=1r/m;
    limit_conn_zone $server_port zone=connections:1m;
    server {{
        listen 127.0.0.1:{port};
        {locations}
    }}
}}
"""

HAPROXY = """
defaults
    mode http
    timeout connect 60s
    timeout client 60s
    timeout server 60s
    timeout queue 200ms
    retries 0
listen gateway
    bind 127.0.0.1:{port}
{rules}
"""


@contextmanager
def nginx(folder: Path, locations: str) -> Iterator[str]:
    """Run nginx with one worker, and yield its URL. locations: those of its server."""
    program = debian.program("nginx", "nginx-light")
    port = free_port()
    # As root its worker would become another user, who may not enter the folder.
    user = "user root;" if os.geteuid() == 0 else ""
    conf = folder / "nginx.conf"
    conf.write_text(NGINX.format(port=port, folder=folder, user=user, locations=locations))
    with listening([program, "-p", str(folder), "-c", str(conf), "-e", "stderr"], port, folder / "nginx.log") as url:
        yield url


@contextmanager
def haproxy(folder: Path, rules: str) -> Iterator[str]:
    """Run HAProxy, and yield its URL. rules: what it does with requests, and the servers to which it passes them."""
    program = debian.program("haproxy", "haproxy")
    port = free_port()
    conf = folder / "haproxy.conf"
    conf.write_text(HAPROXY.format(port=port, rules=rules))
    with listening([program, "-db", "-f", str(conf)], port, folder / "haproxy.log") as url:
        yield url


@contextmanager
def listening(argv: Sequence[str], port: int, log: Path, cwd: Path = Path("/")) -> Iterator[str]:
    """Run a program until the context ends, and yield its URL once it listens on a port of 127.0.0.1."""
    with running(argv, log=log, cwd=cwd, env=os.environ, stop_timeout_s=0.5) as program:
        assert wait_until(lambda: not port_is_free(port), program, DEADLINE_S), program.last_log_line()
        yield f"http://127.0.0.1:{port}"


@contextmanager
def open_request(url: str, path: str) -> Iterator[socket.socket]:
    """Send a request for a path, and yield its connection."""
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), DEADLINE_S) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        yield connection
