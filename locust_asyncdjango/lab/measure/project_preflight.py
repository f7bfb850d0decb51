"""Proof that a project's server is what its label says, and that it uses the lab's services, before it gets any load.

The probe answers on the running server. Start reading at ``inspect_project_server``.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from locust_asyncdjango.failures.normalize import safe_value
from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.slots import require_label
from locust_asyncdjango.lab.project.inspection.report import read_report
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.proof import LabServices, prove
from locust_asyncdjango.metrics.strict_json import loads
from locust_asyncdjango.probe.protocol import PREFLIGHT_FORMAT, PREFLIGHT_PATH

RESPONSE_TIMEOUT_S = 60
_NOT_BLOCKING = {"mysqlclient": "use PyMySQL, or leave gevent out"}
"""What to do about a driver that blocks gevent."""


def read_probe(server: Server, site: Site) -> dict[str, Any]:
    """Return what the probe reports about a running server. Raise TrialError where it does not answer."""
    try:
        page = safe_value(loads(site.read(PREFLIGHT_PATH, RESPONSE_TIMEOUT_S)))
    except (OSError, ValueError) as error:
        raise TrialError(
            f"{server.name} does not say what it runs: {error}; see its log in the trial's folder"
        ) from None
    if not isinstance(page, dict) or page.get("format") != PREFLIGHT_FORMAT:
        raise TrialError(f"{server.name} does not run the project with the probe; leave middleware for its paths out")
    return page


def require_lab_services(project: Project, page: Mapping[str, Any], services: LabServices) -> None:
    """Raise TrialError where a running server uses other services than the lab's. page: what the probe reports."""
    if refusals := prove(project, read_report(page), services).refusals:
        raise TrialError("; ".join(refusals))


def inspect_project_server(trial: Trial, server: Server, site: Site, page: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a running server reports about itself, with its measured slots and the caveats of its settings.

    page: what ``read_probe`` returned. Raise TrialError where it is not what the trial's label says.
    """
    mismatches = [reason for is_right, reason in _checks(server, page) if not is_right]
    slots = require_label(site, server, trial.workers, mismatches)
    return {**page, "slots": asdict(slots), "caveats": settings_caveats(page)}


def _checks(server: Server, page: Mapping[str, Any]) -> list[tuple[bool, str]]:
    interface, identity, gevent = page.get("interface"), page.get("server"), bool(page.get("gevent"))
    return [
        (interface == server.interface, f"it serves {interface}, not {server.interface}"),
        (
            not server.identity or identity == server.identity,
            f"it runs on {identity or 'another'}, not on {server.identity}",
        ),
        (gevent == server.is_gevent, f"it is {'' if gevent else 'not '}patched by gevent"),
        *(
            (False, f"{driver} blocks all greenlets while it waits; {_NOT_BLOCKING.get(driver, 'install psycogreen')}")
            for driver in page.get("blocks", ())
        ),
    ]


def settings_caveats(page: Mapping[str, Any]) -> list[str]:
    """Return what the settings of a project do to its figures, in words."""
    caveats = []
    if page.get("debug"):
        caveats.append("DEBUG is on, which slows each request and keeps all queries in memory; set it off")
    pool = ((page.get("databases") or {}).get("default") or {}).get("pool")
    if isinstance(pool, dict) and "max_size" not in pool:
        caveats.append("the pool has 4 connections a process, psycopg's default; set max_size")
    return caveats
