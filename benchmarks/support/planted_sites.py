"""Starts planted sites (planted_site.py)."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from locust_asyncdjango.lab.environment.process import (
    free_port,
    port_is_free,
    python,
    running,
    wait_until,
)
from locust_asyncdjango.lab.errors import TrialError

SITES = Path(__file__).resolve().parents[1] / "sites"
START_S = 30


@contextmanager
def planted(kind: str, slots: int, service_ms: int, log: Path) -> Iterator[str]:
    """The URL of a site that is stopped on leaving. Raises TrialError."""
    port = free_port()
    planted_site = ("--factory", "planted_site:planted", "--app-dir", str(SITES))
    argv = python("-m", "uvicorn", *planted_site, "--port", str(port), "--lifespan", "off")
    of_site = {"PLANTED_KIND": kind, "PLANTED_SLOTS": str(slots), "PLANTED_SERVICE_MS": str(service_ms)}
    quiet = ("--log-level", "warning", "--no-access-log")
    with running([*argv, *quiet], log=log, env={**os.environ, **of_site}) as program:
        if not wait_until(lambda: not port_is_free(port), program, START_S):
            raise TrialError(f"the site of {log.stem} does not start: {program.last_log_line()}")
        yield f"http://127.0.0.1:{port}"
