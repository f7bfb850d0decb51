"""Prove that a project uses the lab's own services, before anything is written. Start reading at ``prove``."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from locust_asyncdjango.lab.project.inspection.report import Cache, Database, ProjectReport
from locust_asyncdjango.lab.project.project_file import Project

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
LOCAL_CACHES = re.compile(r"\.(?:locmem|dummy|db|filebased|database)\.\w+$")
"""Caches in the process, in a folder or in the database itself."""
HARMLESS_EMAIL = re.compile(r"\.(?:console|dummy|locmem|filebased)\.\w+$")
_ENGINES = {
    "postgresql": re.compile("postg"),
    "mysql": re.compile("mysql|mariadb"),
    "sqlite": re.compile("sqlite|spatialite"),
}
_ADDRESS = 'HOST = "{db.host}", PORT = "{db.port}", NAME = "{db.name}", USER = "{db.user}", PASSWORD = "{db.password}"'
_OVERRIDES = {
    "postgresql": f'ENGINE = "django.db.backends.postgresql", {_ADDRESS}',
    "mysql": f'ENGINE = "django.db.backends.mysql", {_ADDRESS}',
    "sqlite": 'ENGINE = "django.db.backends.sqlite3", NAME = "{db.name}"',
}


@dataclass(frozen=True, slots=True)
class LabServices:
    """The addresses of the lab's services, as the project should see them.

    database: its URL; "" where the user's own server is used at whatever address. redis: its URL; "" for none.
    smtp_port: of the lab's mail server on 127.0.0.1; 0 for none.
    """

    database: str
    redis: str = ""
    smtp_port: int = 0


@dataclass(frozen=True, slots=True)
class Proof:
    """Lines for the user. refusals: why nothing may run. warnings: what may reach others."""

    refusals: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def database_override(kind: str, alias: str = "default") -> str:
    """Return the line below [project.override] that lets a project use the lab's database. kind: of DATABASES."""
    return f"DATABASES.{alias} = {{ {_OVERRIDES[kind]} }}"


def prove(project: Project, report: ProjectReport, lab: LabServices) -> Proof:
    """Return what speaks against running a project, given what it says about itself in the lab's environment."""
    refusals = [*_database_lines(project, report, lab), *_cache_lines(project, report, lab)]
    email_refusals, warnings = _email_lines(report, lab)
    return Proof((*refusals, *email_refusals), tuple(warnings))


def _database_lines(project: Project, report: ProjectReport, lab: LabServices) -> list[str]:
    if not lab.database:
        return []
    if report.default_database is None:
        return [f"{project.file}: the settings {project.settings} have no database 'default'"]
    kind = _kind(lab.database)
    return [
        _refusal(project, each, lab.database, kind)
        for each in report.databases
        if not _is_the_labs(each, lab.database) and not (each.alias != "default" and _is_in_memory(each))
    ]


def _refusal(project: Project, database: Database, url: str, kind: str) -> str:
    source = f"below [project.override] add {database_override(kind, database.alias)}"
    if database.alias == "default":
        source = f"let DATABASES read a variable of [project.env], or {source}"
    return (
        f"{project.file}: with these settings, the project's database {database.alias!r} is {database}, not the lab's"
        f" {_address(url)}; {source}"
    )


def _is_the_labs(database: Database, url: str) -> bool:
    parts, kind = urlsplit(url), _kind(url)
    if kind in _ENGINES and not _ENGINES[kind].search(database.engine.lower()):
        return False
    if kind == "sqlite":
        return database.name == parts.path.replace("//", "/", 1)
    host = parts.hostname or ""
    is_host = database.host == host or {database.host, host} <= set(LOCAL_HOSTS)
    return is_host and database.port == str(parts.port or "") and database.name == parts.path.removeprefix("/")


def _is_in_memory(database: Database) -> bool:
    return database.is_sqlite and (database.name == ":memory:" or "mode=memory" in database.name)


def _kind(url: str) -> str:
    scheme = urlsplit(url).scheme
    return next((kind for kind, pattern in _ENGINES.items() if pattern.search(scheme)), scheme)


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{_kind(url)} {parts.netloc.rpartition('@')[2]}{parts.path if parts.netloc else parts.path[1:]}"


def _cache_lines(project: Project, report: ProjectReport, lab: LabServices) -> list[str]:
    if project.own_cache:
        return []
    return [
        f"{project.file}: the project's cache {cache.alias!r} is {' '.join(cache.locations) or cache.backend}, not the"
        f" lab's Redis; let CACHES read {{redis.url}} from [project.env], or below [project.override] add"
        f' CACHES.{cache.alias} = {{ BACKEND = "django.core.cache.backends.redis.RedisCache", LOCATION ='
        f' "{{redis.url}}" }}; for a server of your own, put cache = "own" below [project]'
        for cache in report.caches
        if not LOCAL_CACHES.search(cache.backend) and not _is_the_labs_cache(cache, lab.redis)
    ]


def _is_the_labs_cache(cache: Cache, redis: str) -> bool:
    if not redis or not cache.locations:
        return False
    lab = urlsplit(redis)
    for location in cache.locations:
        parts = urlsplit(location)
        is_host = parts.hostname == lab.hostname or {parts.hostname, lab.hostname} <= set(LOCAL_HOSTS)
        if not is_host or (parts.port or 6379) != (lab.port or 6379):
            return False
    return True


def _email_lines(report: ProjectReport, lab: LabServices) -> tuple[list[str], list[str]]:
    """Return the refusals and the warnings about e-mail."""
    backend, host = report.email_backend, report.email_host
    if not backend or HARMLESS_EMAIL.search(backend):
        return [], []
    address = f"{host}:{report.email_port}"
    catch = 'let EMAIL_HOST and EMAIL_PORT be "{smtp.host}" and "{smtp.port}", by [project.env] or [project.override]'
    if not backend.endswith(".smtp.EmailBackend"):
        return [], [
            f"the project sends e-mail by {backend}, which the lab cannot catch; measure no view that sends e-mail"
        ]
    if host in LOCAL_HOSTS and report.email_port == lab.smtp_port:
        return [], []
    if host in LOCAL_HOSTS:
        return [], [f"the project sends e-mail to {address}, which is not the lab's; {catch}"]
    return [f"the project sends e-mail to {address}, so that a load test would reach real people; {catch}"], []
