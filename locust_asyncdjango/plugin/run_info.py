"""What is known of a run from Locust: its header, and what Locust has counted."""

import os
import platform
from datetime import UTC, datetime
from typing import Any

import locust
from locust.env import Environment
from locust.runners import MasterRunner

from locust_asyncdjango._version import __version__
from locust_asyncdjango.analysis.outcome import RequestStats
from locust_asyncdjango.failures.normalize import redact
from locust_asyncdjango.metrics import series_file


def run_header(environment: Environment) -> dict[str, Any]:
    """The header of a run that begins: what runs, how and on what."""
    given = environment.parsed_options
    shape = environment.shape_class
    runner = environment.runner
    return series_file.header(
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        host=redact(environment.host or ""),
        locustfile=getattr(given, "locustfile", "") or "",
        user_classes=sorted(user.__name__ for user in environment.user_classes),
        variant=getattr(given, "variant", "") or "",
        path=getattr(given, "path", "") or "",
        shape=_shape(environment),
        users=getattr(given, "num_users", None),
        spawn_rate=getattr(given, "spawn_rate", None),
        run_time=getattr(shape, "run_time", getattr(given, "run_time", None)),
        workers=runner.worker_count if isinstance(runner, MasterRunner) else 0,
        versions={"locust-asyncdjango": __version__, "locust": locust.__version__, "python": platform.python_version()},
        machine={"system": platform.platform(), "processors": os.cpu_count()},
    )


def _shape(environment: Environment) -> str:
    """The shape's name, with its parameters if it was chosen with some; "" without a shape."""
    name = type(environment.shape_class).__name__ if environment.shape_class else ""
    chosen: str = getattr(environment.parsed_options, "shape", "") or ""
    return chosen if name in chosen.split(":") else name


def describe_run(header: dict[str, Any]) -> str:
    """A header in one line: what ran against what, and how."""
    load = header["shape"] or f"{header['users'] or 1} users, {header['spawn_rate'] or 1:g} more each second"
    workers = f", {header['workers']} workers" if header["workers"] else ""
    return f"{', '.join(header['user_classes'])} on {header['host'] or 'its own hosts'}, {load}{workers}"


def request_stats(environment: Environment) -> list[RequestStats]:
    """What Locust has counted, by name of request."""
    errors: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for error in environment.stats.errors.values():
        told = error.to_name().removeprefix(f"{error.method} {error.name}: ")
        errors.setdefault((error.method, error.name), []).append((error.occurrences, told))
    return [
        RequestStats(f"{method} {name}", entry.num_requests, entry.num_failures, tuple(errors.get((method, name), ())))
        for (name, method), entry in sorted(environment.stats.entries.items(), key=lambda item: str(item[0]))
    ]
