"""What a project's views need next to the server, such as a stub of an API: the [[process]] tables.

Start reading at ``ProjectProcess``, which a table describes.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from locust_asyncdjango.addresses import is_web_address
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.tables.keys import (
    REQUIRED,
    Key,
    command,
    read_table,
    short_name,
    text,
    variables,
    whole,
)
from locust_asyncdjango.lab.project.tables.templates import check_processes, placeholders, template, templates


@dataclass(frozen=True, slots=True)
class ProjectProcess:
    """A program that runs next to the server. Texts may have placeholders, also of its own port.

    command: its command line, which runs without a shell in the project's folder.
    ready_url: it is ready when this URL responds, with whatever status. ready_port: when something listens on this
    port of 127.0.0.1; "" or a number as a text. ready_log: when a line of its log matches this regular expression.
    One of the three is not "".
    env: environment variables in addition to the project's.
    """

    name: str
    command: str
    ready_url: str = ""
    ready_port: str = ""
    ready_log: str = ""
    env: Mapping[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> tuple[str, ...]:
        """All texts in which there may be placeholders."""
        return (self.command, self.ready_url, self.ready_port, *self.env.values())


def _command(value: object) -> str:
    return template(command(value))


def _url(value: object) -> str:
    url = template(text(value))
    # A placeholder stands for a port, or for the whole beginning of a URL.
    if not is_web_address(
        re.sub(r"\{process\.[\w.-]+\.url\}", "http://127.0.0.1:1", url).replace("{", "1").split("}")[0]
    ):
        raise UsageError("must look like http://127.0.0.1:8000/ or {process.NAME.url}/")
    return url


def _port(value: object) -> str:
    if isinstance(value, str):
        if not re.fullmatch(r"\{process\.[\w.-]+\.port\}", value):
            raise UsageError("must be a number, or {process.NAME.port}")
        return template(value)
    return str(whole(1, 65_535)(value))


def _pattern(value: object) -> str:
    try:
        re.compile(text(value))
    except re.error as error:
        raise UsageError(f"is not a regular expression: {error}") from None
    return str(value)


_READY = ("ready_url", "ready_port", "ready_log")
KEYS = {
    "name": Key(short_name),
    "command": Key(_command, REQUIRED),
    "ready_url": Key(_url, ""),
    "ready_port": Key(_port, ""),
    "ready_log": Key(_pattern, ""),
    "env": Key(partial(templates, read=variables), {}),
}


def read_processes(file: str, tables: Iterable[Mapping[str, Any]]) -> tuple[ProjectProcess, ...]:
    """Return the processes of the [[process]] tables. Raise UsageError."""
    processes: dict[str, ProjectProcess] = {}
    for number, table in enumerate(tables, 1):
        label = table.get("name")
        where = f"{file}: [[process]] {label!r}" if isinstance(label, str) else f"{file}: [[process]] number {number}"
        process = ProjectProcess(**read_table(where, table, KEYS))
        if process.name in processes:
            raise UsageError(f"{where}: there are two processes {process.name!r}; give each a name of its own")
        if sum(bool(getattr(process, key)) for key in _READY) != 1:
            raise UsageError(f"{where} needs one of {', '.join(_READY)}, to know when it is ready")
        processes[process.name] = process
    for process in processes.values():
        check_processes(f"{file}: [[process]] {process.name!r}", process.texts, processes)
    return tuple(processes.values())


def uses_own_port(process: ProjectProcess) -> bool:
    """Return whether a text of the process has its own port, which the lab then chooses."""
    own = {f"process.{process.name}.port", f"process.{process.name}.url"}
    return any(own & set(placeholders(each)) for each in process.texts)
