"""Read from Locust what a run is and what Locust itself has counted: the header of a series, and totals by request."""

import os
import platform
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import locust
from locust.env import Environment
from locust.runners import MasterRunner

from locust_asyncdjango._version import __version__
from locust_asyncdjango.analysis.conditions.objective import DEFAULT_OBJECTIVE
from locust_asyncdjango.analysis.outcome import RequestStats
from locust_asyncdjango.analysis.request_names import clean_name
from locust_asyncdjango.failures.normalize import safe_line, safe_value
from locust_asyncdjango.metrics import series_file
from locust_asyncdjango.metrics.plural import counted


def run_header(environment: Environment) -> dict[str, Any]:
    """Return the header of a run that begins now: what it loads, with which users and shape, and on which machine."""
    parsed = environment.parsed_options
    shape = environment.shape_class
    runner = environment.runner
    content = {
        "started": datetime.now(UTC).isoformat(timespec="seconds"),
        "host": environment.host or "",
        "locustfile": getattr(parsed, "locustfile", "") or "",
        "user_classes": sorted(user.__name__ for user in environment.user_classes),
        "variant": getattr(parsed, "variant", "") or "",
        "path": getattr(parsed, "path", "") or "",
        "shape": _shape_text(environment),
        "objective": getattr(parsed, "objective", "") or DEFAULT_OBJECTIVE.text,
        "users": getattr(parsed, "num_users", None),
        "spawn_rate": getattr(parsed, "spawn_rate", None),
        "run_time": _length_s(getattr(shape, "run_time", getattr(parsed, "run_time", None))),
        "workers": runner.worker_count if isinstance(runner, MasterRunner) else 0,
        "versions": {
            "locust-asyncdjango": __version__,
            "locust": locust.__version__,
            "python": platform.python_version(),
        },
        "machine": {"system": platform.platform(), "processors": os.cpu_count()},
    }
    return series_file.header(**safe_value(content, safe_line))


def _length_s(run_time: object) -> float | None:
    """Return the seconds that a run takes; None for what a shape of the user's own means by something else."""
    return run_time if isinstance(run_time, int | float) and not isinstance(run_time, bool) else None


def _shape_text(environment: Environment) -> str:
    """Return the shape's name, with the parameters that the user wrote; "" without a shape."""
    name = type(environment.shape_class).__name__ if environment.shape_class else ""
    option: str = getattr(environment.parsed_options, "shape", "") or ""
    # In the web UI's class picker the user may have chosen another shape than that of --shape.
    return option if name in option.split(":") else name


def describe_run(header: dict[str, Any]) -> str:
    """Return one line that says what ran against what: user classes, host, load and workers."""
    load = header["shape"] or f"{counted(header['users'] or 1, 'user')}, {header['spawn_rate'] or 1:g} more each second"
    workers = f", {counted(header['workers'], 'worker')}" if header["workers"] else ""
    return f"{', '.join(header['user_classes'])} on {header['host'] or 'its own hosts'}, {load}{workers}"


def locust_latencies_ms(environment: Environment) -> tuple[float, ...]:
    """Return p50, p95 and p99 of all requests in Locust's own table, in milliseconds; empty without a request.

    Locust counts a failed request too, and each request from when it was sent.
    """
    total = environment.stats.total
    if not total.num_requests - total.num_none_requests:
        return ()
    return tuple(float(total.get_response_time_percentile(percent / 100)) for percent in (50, 95, 99))


def request_stats(environment: Environment) -> list[RequestStats]:
    """Return what Locust has counted: an entry for each method and name of requests, in alphabetical order.

    Names and errors are safe texts. Names that differ in a secret only are one entry.
    """
    requests: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    errors: dict[str, Counter[str]] = {}
    for (name, method), entry in sorted(environment.stats.entries.items(), key=lambda item: str(item[0])):
        safe_name = clean_name(f"{method} {name}")
        requests[safe_name] += entry.num_requests
        failures[safe_name] += entry.num_failures
    for error in environment.stats.errors.values():
        text = safe_line(error.to_name().removeprefix(f"{error.method} {error.name}: "))
        errors.setdefault(clean_name(f"{error.method} {error.name}"), Counter())[text] += error.occurrences
    return [
        RequestStats(name, count, failures[name], tuple((n, text) for text, n in errors.get(name, {}).items()))
        for name, count in requests.items()
    ]
