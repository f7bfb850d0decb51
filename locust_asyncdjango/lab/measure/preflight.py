"""Proof that a server is what its label says, taken from the running server before a trial is measured.

The probe in the server's process reports the server and the settings. How many requests a process works on at once is
measured: a page of the probe holds each request for a while and reports how many it holds. Start reading at
``inspect_server``.
"""

import urllib.error
from collections.abc import Mapping
from dataclasses import asdict
from types import NoneType
from typing import Any

from locust_asyncdjango.failures.normalize import safe_value
from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.result import NO_PREFLIGHT
from locust_asyncdjango.lab.experiment.spec import DEFAULT_POOL_SIZE
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.slots import require_label
from locust_asyncdjango.metrics.strict_json import loads
from locust_asyncdjango.probe.protocol import PREFLIGHT_PATH

RESPONSE_TIMEOUT_S = 30
REPORT_TYPES: dict[str, Any] = {
    **dict.fromkeys(("interface", "server", "server_version"), str),
    **dict.fromkeys(("gevent", "debug", "access_log"), bool),
    **dict.fromkeys(("blocks", "middleware"), list),
    "versions": dict,
    "databases": {"default": {"pool": (dict, NoneType), "conn_max_age": (int, NoneType)}},
    "database": dict,
}
"""The members of the probe's page that are read here, and their types."""
CONNECTION_TYPES: dict[str, Any] = {
    **dict.fromkeys(("driver", "server_version"), str),
    "max_connections": int,
    "round_trip_ms": (int, float),
}
"""The members of ``database`` where the site has reached it, and their types."""
SITE_PACKAGES = (
    *("python", "django", "psycopg2", "psycopg2-binary", "psycopg", "psycopg-pool", "asyncpg", "redis", "aioredis"),
    "httpx",
)
"""The packages of the bundled site, whose versions the results name."""


def inspect_server(trial: Trial, server: Server, site: Site, environ: Mapping[str, str]) -> dict[str, Any]:
    """Return what the running server reports about itself, for the trial's result.

    site: what it serves. environ: the environment of the lab, which has the settings that the site should have.
    A server of the user's own that has no preflight page for the lab's token is not checked.
    Raise TrialError where the server is not what the trial's label says.
    """
    report = _read_report(server, site)
    if report is None:
        return {"preflight": NO_PREFLIGHT}
    mismatches = site_mismatches(trial, server, report, environ)
    slots = require_label(site, server, trial.workers, mismatches)
    return {**report, "slots": asdict(slots)}


def _read_report(server: Server, site: Site) -> dict[str, Any] | None:
    """Return the record of what the site reports; None for a server of the user's that serves anything else there."""
    page = f"{site.url}{PREFLIGHT_PATH}"
    try:
        report = safe_value(loads(site.read(PREFLIGHT_PATH, RESPONSE_TIMEOUT_S)))
    except urllib.error.HTTPError as error:
        with error:
            if error.code < 500 and not server.identity:
                return None
            raise TrialError(f"{server.name} fails before any load: {_problem_text(error)}") from None
    except OSError as error:
        raise TrialError(f"{server.name} does not report what it is at {page}: {error}") from None
    except (ValueError, RecursionError):
        report = None
    if _has_types(report, REPORT_TYPES):
        if _has_types(report["database"], CONNECTION_TYPES):
            return site_record(report)
        raise TrialError(f"{server.name} fails before any load: {_database_problem(report['database'])}")
    if not server.identity:
        return None
    raise TrialError(
        f"{server.name} cannot be checked: {page} is not the probe's; check that server and lab have the same version"
    )


def _database_problem(database: Mapping[str, Any]) -> str:
    """Return why the site has not reached its database, or has one that is no PostgreSQL."""
    error = database.get("error")
    if not isinstance(error, dict):
        return f"its database is {database.get('vendor') or 'unknown'}, and the bundled site needs PostgreSQL"
    names = error.get("exceptions")
    text = f"{names[0] if isinstance(names, list) and names else ''} {error.get('text') or ''}".strip()
    return f"its database does not accept a connection: {text or 'the probe does not say why'}"


def site_record(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a trial's result says about the site. report: the probe's page."""
    database, connection = report["databases"]["default"], report["database"]
    caches = report.get("caches")
    cache = caches.get("default") if isinstance(caches, dict) else None
    return {
        **{name: report[name] for name in ("interface", "server", "server_version", "blocks")},
        "settings": {
            "orm_driver": connection["driver"],
            "connections": _connections(database),
            "conn_max_age": database["conn_max_age"],
            "middleware": [each.get("name", "") for each in report["middleware"] if isinstance(each, dict)],
            "access_log": "on" if report["access_log"] else "off",
            "cache": str(cache.get("backend", "")).rpartition(".")[2] if isinstance(cache, dict) else "",
            "gevent": report["gevent"],
            "debug": report["debug"],
        },
        "versions": {name: version for name, version in report["versions"].items() if name in SITE_PACKAGES},
        "database": {name: connection[name] for name in ("server_version", "max_connections", "round_trip_ms")},
    }


def _connections(database: Mapping[str, Any]) -> str:
    """Return how the ORM keeps its connections."""
    if (pool := database["pool"]) is not None:
        # Without max_size psycopg_pool opens at most four connections, and all other requests wait.
        return f"from a pool of {pool['max_size']}" if "max_size" in pool else "from a pool of 4, without max_size"
    return "persistent" if database["conn_max_age"] != 0 else "closed after each request"


def _has_types(value: Any, types: Any) -> bool:
    """Return whether a value of JSON is of a type or, where types are members, has all of them with their types."""
    if not isinstance(types, dict):
        return isinstance(value, types)
    return isinstance(value, dict) and all(name in value and _has_types(value[name], types[name]) for name in types)


def site_mismatches(trial: Trial, server: Server, site: Mapping[str, Any], environ: Mapping[str, str]) -> list[str]:
    """Return in words how the site differs from the trial and the environment; an empty list if it does not."""
    settings = site["settings"]
    access_log = environ.get("TARGET_SITE_ACCESS_LOG") or "off"
    checks = [
        (site["interface"] == server.interface, f"it serves {site['interface']}, not {server.interface}"),
        (not settings["debug"], "DEBUG is on"),
        (settings["access_log"] == access_log, f"its access log is {settings['access_log']}, not {access_log}"),
        (not settings["connections"].endswith("without max_size"), "its pool has 4 connections; set max_size"),
        *((False, f"{driver} blocks all greenlets: gevent patched after its import") for driver in site["blocks"]),
    ]
    if server.identity:
        gevent = "patched by gevent" if settings["gevent"] else "not patched by gevent"
        checks += [
            (site["server"] == server.identity, f"it runs on {site['server'] or 'another'}, not on {server.identity}"),
            (settings["gevent"] == server.is_gevent, f"it is {gevent}"),
            *_factors(settings, environ),
        ]
    if not server.url:
        checks += _database(trial, site["database"], environ)
    return [reason for is_right, reason in checks if not is_right]


def _factors(settings: Mapping[str, Any], environ: Mapping[str, str]) -> list[tuple[bool, str]]:
    wanted = {
        "orm_driver": environ.get("TARGET_SITE_ORM_DRIVER") or "psycopg2",
        "connections": {
            "persistent": "persistent",
            "pool": f"from a pool of {environ.get('TARGET_SITE_POOL_SIZE') or DEFAULT_POOL_SIZE}",
        }.get(environ.get("TARGET_SITE_CONNECTIONS", ""), "closed after each request"),
    }
    checks = [(settings[name] == value, f"{name} is {settings[name]}, not {value}") for name, value in wanted.items()]
    wanted_middleware = environ.get("TARGET_SITE_MIDDLEWARE") or "none"
    middleware = _middleware_factor(settings["middleware"])
    is_right = middleware == wanted_middleware
    return [*checks, (is_right, f"its middleware is {middleware}, not {wanted_middleware}")]


def _middleware_factor(names: list[str]) -> str:
    """Return the value of TARGET_SITE_MIDDLEWARE that stands for these classes."""
    if names == ["target_site.problems.ProblemMiddleware"]:
        return "none"
    return "default+sync" if "target_site.sync_middleware.header_middleware" in names else "default"


def _database(trial: Trial, database: Mapping[str, Any], environ: Mapping[str, str]) -> list[tuple[bool, str]]:
    limit, round_trip_ms = database["max_connections"], database["round_trip_ms"]
    is_users_own = bool(environ.get("DATABASE_URL"))
    return [
        (is_users_own or limit == trial.max_connections, f"max_connections is {limit}, not {trial.max_connections}"),
        (round_trip_ms >= trial.latency_ms, f"its database is {round_trip_ms} ms away, not {trial.latency_ms}"),
    ]


def _problem_text(error: urllib.error.HTTPError) -> str:
    try:
        problem = loads(error.read())
        detail = " ".join(str(problem[key]) for key in ("exception", "detail") if problem.get(key))
    except (ValueError, AttributeError):
        detail = ""
    return f"HTTP {error.code} {detail}".strip()
