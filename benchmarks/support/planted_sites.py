"""Start planted sites (sites/planted_site.py): sites whose saturation point is known."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from locust_asyncdjango.lab.environment.process import (
    START_DEADLINE_S,
    free_port,
    port_is_free,
    python,
    running,
    wait_until,
)
from locust_asyncdjango.lab.errors import TrialError

SITES = Path(__file__).resolve().parents[1] / "sites"


@contextmanager
def planted_site(kind: str, slots: int, service_ms: int, log: Path) -> Iterator[str]:
    """Start a site, yield its URL, and stop it afterwards. Raise TrialError if it does not start.

    kind: one of planted_site.KINDS. service_ms: of one request. log: the file that gets the server's output.
    """
    port = free_port()
    application = ("--factory", "planted_site:create_site", "--app-dir", str(SITES))
    argv = python("-m", "uvicorn", *application, "--port", str(port), "--lifespan", "off")
    settings = {"PLANTED_KIND": kind, "PLANTED_SLOTS": str(slots), "PLANTED_SERVICE_MS": str(service_ms)}
    quiet = ("--log-level", "warning", "--no-access-log")
    with running([*argv, *quiet], log=log, env={**os.environ, **settings}) as program:
        if not wait_until(lambda: not port_is_free(port), program, START_DEADLINE_S):
            raise TrialError(f"the site of {log.stem} did not start: {program.last_log_line()}")
        yield f"http://127.0.0.1:{port}"
