"""The arms of a project, as its [[arm]] tables describe them. Start reading at ``ProjectArm``."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from locust_asyncdjango.lab.environment.servers import MAX_WORKERS, SERVERS, server_title
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.tables.keys import (
    Key,
    command,
    one_of,
    optional_text,
    read_table,
    short_name,
    text,
    variables,
    whole,
)
from locust_asyncdjango.lab.project.tables.templates import templates

DEFAULT_MAX_CONNECTIONS = 100
MOST_THREADS = 10_000
MOST_CONNECTIONS = 10_000


@dataclass(frozen=True, slots=True)
class ProjectArm:
    """One side of a comparison of a project's views.

    server: a name of the table of servers.
    workers: its processes. threads: of each process; 0 for the server's own number.
    variant: of views that have twins; "" for the one that is natural to the server's interface.
    env: environment variables in addition to the project's; texts may have placeholders.
    revision: the git revision of the project that is measured; "" for the files as they are.
    setup: the command that makes the revision's environment; "" where the project's own environment serves it.
    max_connections: the limit of the lab's database.
    commit: the short hash of the revision, once git was asked for it.
    """

    name: str
    server: str
    workers: int = 1
    threads: int = 0
    variant: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
    revision: str = ""
    setup: str = ""
    max_connections: int = DEFAULT_MAX_CONNECTIONS
    commit: str = ""


def _revision(value: object) -> str:
    revision = text(value)
    # A name that begins with a dash would be read as a flag of git.
    if revision.startswith("-") or any(character.isspace() for character in revision):
        raise UsageError("must be a git revision, such as a branch, a tag or a commit")
    return revision


KEYS = {
    "name": Key(short_name, ""),
    "server": Key(one_of(*SERVERS)),
    "workers": Key(whole(1, MAX_WORKERS), 1),
    "threads": Key(whole(1, MOST_THREADS), 0),
    "variant": Key(optional_text, ""),
    "env": Key(partial(templates, read=variables), {}),
    "revision": Key(_revision, ""),
    "setup": Key(command, ""),
    "max_connections": Key(whole(1, MOST_CONNECTIONS), DEFAULT_MAX_CONNECTIONS),
}


def read_arms(file: str, tables: Iterable[Mapping[str, Any]], variants: Collection[str]) -> tuple[ProjectArm, ...]:
    """Return the arms of the [[arm]] tables. variants: that the project's views have. Raise UsageError."""
    arms: dict[str, ProjectArm] = {}
    for number, table in enumerate(tables, 1):
        label = table.get("name")
        where = f"{file}: [[arm]] {label!r}" if isinstance(label, str) else f"{file}: [[arm]] number {number}"
        arm = _read_arm(where, table, variants)
        if arm.name in arms:
            raise UsageError(f"{where}: there are two arms {arm.name!r}; give each a name of its own")
        arms[arm.name] = arm
    return tuple(arms.values())


def _read_arm(where: str, table: Mapping[str, Any], variants: Collection[str]) -> ProjectArm:
    values = read_table(where, table, KEYS)
    if values["setup"] and not values["revision"]:
        raise UsageError(f"{where}: setup makes the environment of a revision, so it needs the key 'revision'")
    if values["variant"] and values["variant"] not in variants:
        known = f"choose from {', '.join(variants)}" if variants else "no view has async_path or {variant} in its path"
        raise UsageError(f"{where}: no view has the variant {values['variant']!r}; {known}")
    if values["threads"] and not SERVERS[values["server"]].has_threads:
        raise UsageError(f"{where}: {values['server']} has no threads that can be set; leave the key 'threads' out")
    if values["workers"] > 1 and not SERVERS[values["server"]].has_workers:
        raise UsageError(f"{where}: {values['server']} has one process; leave the key 'workers' out")
    return ProjectArm(**{**values, "name": values["name"] or _default_name(values)})


def _default_name(values: Mapping[str, Any]) -> str:
    workers = f"-{values['workers']}-workers" if values["workers"] > 1 else ""
    parts = (
        server_title(values["server"], values["threads"]) + workers,
        values["variant"],
        values["revision"].replace("/", "-"),
    )
    return "-".join(filter(None, parts))
