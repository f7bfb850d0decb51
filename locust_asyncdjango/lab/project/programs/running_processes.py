"""Run what a project's views need next to the server. Start reading at ``running_processes``."""

import re
import shlex
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from locust_asyncdjango.lab.environment.http_client import responds
from locust_asyncdjango.lab.environment.process import (
    START_DEADLINE_S,
    Program,
    free_port,
    port_is_free,
    running,
    wait_until,
)
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.project.programs.commands import command_line
from locust_asyncdjango.lab.project.project_env import processes_with_ports
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.tables.processes import ProjectProcess
from locust_asyncdjango.lab.project.tables.templates import fill


def choose_ports(project: Project) -> dict[str, int]:
    """Return a free port for each process that has a placeholder for its port, by the process's name."""
    return {name: free_port() for name in processes_with_ports(project)}


@contextmanager
def running_processes(
    project: Project, env: Mapping[str, str], values: Mapping[str, str], logs: Path
) -> Iterator[tuple[Program, ...]]:
    """Start the processes of a project in their order, each once the one before is ready, and stop them at the end.

    env: the environment of the project's programs (``program_env``). values: by placeholder, with those of their ports.
    logs: the folder of their logs, which are called after them.
    Raise UsageError where a port is taken or a placeholder has no value, and TrialError where one does not get ready.
    """
    with ExitStack() as stack:
        yield tuple(
            stack.enter_context(_running(project, process, env, values, logs / f"process-{process.name}.log"))
            for process in project.processes
        )


@contextmanager
def _running(
    project: Project, process: ProjectProcess, env: Mapping[str, str], values: Mapping[str, str], log: Path
) -> Iterator[Program]:
    where = f"{project.file}: [[process]] {process.name!r}"
    words = [fill(word, values) for word in shlex.split(process.command)]
    own_env = {name: fill(text, values) for name, text in process.env.items()}
    port = _port(process, values)
    if port and not port_is_free(port):
        raise UsageError(f"{where}: port {port} of this machine is taken; stop what listens there, or choose another")
    try:
        with running(
            command_line(project, words), name=process.name, log=log, cwd=project.root, env={**env, **own_env}
        ) as program:
            if not wait_until(_is_ready(process, values, program), program, START_DEADLINE_S):
                raise TrialError(f"{where} {_failure(program)}")
            yield program
    except OSError as error:
        raise UsageError(f"{where} cannot be started: {error.strerror}: {error.filename}") from None


def _port(process: ProjectProcess, values: Mapping[str, str]) -> int:
    """Return the port of this machine on which the process is to listen; 0 where the file does not say."""
    if process.ready_port:
        return int(fill(process.ready_port, values))
    if process.ready_url:
        parts = urlsplit(fill(process.ready_url, values))
        return (parts.port or 0) if parts.hostname in ("127.0.0.1", "localhost") else 0
    return 0


def _is_ready(process: ProjectProcess, values: Mapping[str, str], program: Program) -> Callable[[], bool]:
    if process.ready_url:
        url = fill(process.ready_url, values)
        return lambda: responds(url)
    if process.ready_port:
        port = int(fill(process.ready_port, values))
        return lambda: _listens(port)
    pattern = re.compile(process.ready_log)
    return lambda: any(map(pattern.search, program.log_lines()))


def _listens(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        return False


def _failure(program: Program) -> str:
    code = program.exit_code()
    if code is None:
        return f"was not ready within {START_DEADLINE_S} s; its last line is: {program.last_log_line()}"
    return f"ended before it was ready, {program.end_text(code)}"
