"""The arms of a project whose file has none: what its views allow. Start reading at ``default_arms``."""

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from locust_asyncdjango.lab.environment.servers import SERVERS
from locust_asyncdjango.lab.project.overlay import REQUIREMENTS, distribution_name, missing_packages
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.tables.arms import ProjectArm
from locust_asyncdjango.routes import NATURAL

THREADS = 4
"""Threads of each process."""
MOST_PROCESSES = 4
SYNC, THREADED, GEVENT = "gunicorn-sync", "gunicorn-100-threads", "gunicorn-gevent"
ASGI = ("gunicorn-uvicorn", "uvicorn", "granian-asgi", "hypercorn", "daphne")
"""The servers with ASGI, of which one is compared: the first that the project's environment has."""


@dataclass(frozen=True, slots=True)
class DefaultArms:
    """Arms, and in sentences why they are these and why others are left out."""

    arms: tuple[ProjectArm, ...]
    reasons: tuple[str, ...]


def default_arms(
    project: Project, installed: Collection[str], *, processors: int = 0, may_install: bool = False
) -> DefaultArms:
    """Return the arms of a project without [[arm]] tables: a sync worker, threads, gevent and ASGI.

    The processes of the sync worker are as many as the threads of the threaded arm, so that both have the same slots;
    the other arms have the threaded arm's processes.
    installed: the packages of the project's environment. processors: of this machine; 0 to count them.
    may_install: whether packages that the environment lacks may be put into a folder of ours.
    """
    names = set(map(distribution_name, installed))
    processes = max(1, min(MOST_PROCESSES, (processors or os.cpu_count() or 1) // 2))
    asgi = _asgi(names)
    wanted = {
        SYNC: {"workers": processes * THREADS},
        THREADED: {"workers": processes, "threads": THREADS},
        GEVENT: {"workers": processes},
        asgi: {"workers": processes if SERVERS[asgi].has_workers else 1},
    }
    obstacles = {server: _obstacle(server, names, may_install=may_install) for server in wanted}
    arms = [
        arm
        for server, numbers in wanted.items()
        if not obstacles[server]
        for arm in _with_variants(project, server, numbers)
    ]
    compared = ", ".join(_description(server, processes) for server in wanted if not obstacles[server])
    reasons = [f"the file has no [[arm]], so these are compared: {compared}"] if arms else []
    reasons += [f"{server} is left out: {reason}" for server, reason in obstacles.items() if reason]
    return DefaultArms(tuple(arms), tuple(reasons))


def lacking_packages(installed: Mapping[str, str]) -> tuple[str, ...]:
    """Return the packages that a project's environment lacks for the arms that are compared without [[arm]] tables.

    installed: the packages of the environment, name -> version.
    """
    return missing_packages((SYNC, THREADED, GEVENT, _asgi(set(map(distribution_name, installed)))), installed)


def _asgi(names: set[str]) -> str:
    """Return the server with ASGI that is compared. names: of the packages that are installed."""
    return next((server for server in ASGI if names.issuperset(REQUIREMENTS[server])), ASGI[1])


def _description(server: str, processes: int) -> str:
    """Return what an arm is, in words."""
    slots, in_processes = processes * THREADS, "in 1 process" if processes == 1 else f"in {processes} processes"
    if server == SYNC:
        return f"{slots} sync workers"
    if server == THREADED:
        return f"{slots} threads {in_processes}"
    return f"{_arm_name(server)} {in_processes}, without a limit of slots"


def _obstacle(server: str, installed: Collection[str], *, may_install: bool) -> str:
    """Return why a server is not compared; "" where it is."""
    missing = [package for package in REQUIREMENTS[server] if package not in installed]
    if missing and not may_install:
        return (
            f"the project's environment has no {' and no '.join(missing)}; install it there, or add --install, which"
            " puts it into a folder of ours"
        )
    drivers = {"psycopg2", "psycopg2-binary"} & set(installed)
    if server == GEVENT and drivers and not {"psycopg", "psycogreen"} & set(installed):
        return f"{min(drivers)} blocks gevent while it waits for the database; psycogreen or psycopg 3 would not"
    if server == GEVENT and "mysqlclient" in installed and "pymysql" not in installed:
        return "mysqlclient blocks gevent while it waits for the database; PyMySQL would not"
    return ""


def _with_variants(project: Project, server: str, numbers: Mapping[str, Any]) -> list[ProjectArm]:
    """Return the arms of a server: one, or where views have twins, one for each variant that suits its interface."""
    variants = project.variants
    if set(variants) <= set(NATURAL):  # without a name, an arm has the one that suits its interface
        variants = ("",)
    return [
        ProjectArm("-".join(filter(None, (_arm_name(server), variant))), server, variant=variant, **numbers)
        for variant in variants
    ]


def _arm_name(server: str) -> str:
    return {SYNC: "sync-workers", THREADED: "threads", GEVENT: "gevent"}.get(server, server)
