"""Prove that a project uses the lab's own services, and a revision its own files. Start reading at ``prove``."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from locust_asyncdjango.lab.project.inspection.connection_options import PGSSLMODE, lab_options
from locust_asyncdjango.lab.project.inspection.report import Cache, Database, Mailer, ProjectReport
from locust_asyncdjango.lab.project.project_file import Project

LOCAL_HOSTS = ("127.0.0.1", "localhost", "::1")
LOCAL_CACHES = re.compile(r"\.(?:locmem|dummy|db|filebased|database)\.\w+$")
"""Caches in the process, in a folder or in the database itself."""
HARMLESS_EMAIL = re.compile(r"\.(?:console|dummy|locmem|filebased)\.\w+$")
CACHE_OVERRIDE = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "{redis.url}"}
EMAIL_OVERRIDE = {
    "EMAIL_HOST": "{smtp.host}",
    "EMAIL_PORT": "{smtp.port}",
    "EMAIL_USE_TLS": False,
    "EMAIL_USE_SSL": False,
}
MAILER_OPTIONS = {
    "host": "{smtp.host}",
    "port": "{smtp.port}",
    "use_tls": False,
    "use_ssl": False,
    "username": "",
    "password": "",
}
"""The OPTIONS of a mailer of MAILERS that sends to the lab."""
SMTP_BACKEND = ".smtp.EmailBackend"
NO_TLS = "for which the lab's database has no certificate"
DEFAULT_PORTS = {"postgresql": "5432", "mysql": "3306"}
_ENGINES = {
    "postgresql": re.compile("postg"),
    "mysql": re.compile("mysql|mariadb"),
    "sqlite": re.compile("sqlite|spatialite"),
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


def prove(project: Project, report: ProjectReport, lab: LabServices) -> Proof:
    """Return what speaks against running a project, given what it says about itself in the lab's environment."""
    refusals = [
        *_revision_lines(project, report),
        *_database_lines(project, report, lab),
        *_cache_lines(project, report, lab),
    ]
    email_refusals, warnings = _email_lines(project, report, lab)
    return Proof((*refusals, *email_refusals), (*_own_database_warnings(project, report), *warnings))


def _revision_lines(project: Project, report: ProjectReport) -> list[str]:
    if not project.checkout or not report.foreign_files:
        return []
    return [
        f"{project.file}: with the revision {project.checkout.revision!r}, the project would still import"
        f" {', '.join(report.foreign_files)}, which is not the revision's; give the revision an environment of its own"
        ' with the key setup, or name the folder of its modules, such as PYTHONPATH = "src" below [project.env]'
    ]


def foreign_databases(report: ProjectReport, lab: LabServices) -> tuple[Database, ...]:
    """Return the databases of a project that are not the lab's. One in memory may stand next to the lab's."""
    if not lab.database:
        return ()
    others = (each for each in report.databases if not _is_the_labs(each, lab.database))
    return tuple(each for each in others if each.alias == "default" or not _is_in_memory(each))


def foreign_caches(report: ProjectReport, lab: LabServices) -> tuple[Cache, ...]:
    """Return the caches of a project that are servers, and not the lab's."""
    servers = (each for each in report.caches if not LOCAL_CACHES.search(each.backend))
    return tuple(each for each in servers if not _is_the_labs_cache(each, lab.redis))


def foreign_mailers(report: ProjectReport, lab: LabServices) -> tuple[Mailer, ...]:
    """Return what sends e-mail to another mail server than the lab's, be it on this machine."""
    senders = (each for each in report.mailers if _is_smtp(each))
    return tuple(each for each in senders if not (_is_local(each.host) and each.port == lab.smtp_port))


def mailers_override(mailers: Iterable[Mailer]) -> dict[str, object]:
    """Return the settings that let mailers send to the lab, for [project.override]."""
    aliases = {each.alias: {"OPTIONS": MAILER_OPTIONS} for each in mailers if each.alias}
    return {"MAILERS": aliases} if aliases else dict(EMAIL_OVERRIDE)


def database_override(kind: str, database: Database) -> dict[str, object]:
    """Return the value of [project.override] with which a database of the project is the lab's.

    kind: of DATABASES. The project's own engine stays where it is of that kind, as that of PostGIS is.
    """
    names = ("name",) if kind == "sqlite" else ("host", "port", "name", "user", "password")
    members: dict[str, object] = {name.upper(): f"{{db.{name}}}" for name in names}
    if is_of_kind(database, kind):
        options = lab_options(database)
        return {**members, "OPTIONS": options} if options else members
    return {"ENGINE": f"django.db.backends.{'sqlite3' if kind == 'sqlite' else kind}", **members}


def is_of_kind(database: Database, kind: str) -> bool:
    """Return whether a database of a project has the engine of a kind, be it one of its own as that of PostGIS."""
    return bool(_ENGINES[kind].search(database.engine.lower()))


def inline_table(table: Mapping[str, object]) -> str:
    """Return a table of TOML on one line."""
    if not table:
        return "{}"
    return f"{{ {', '.join(f'{key} = {_inline_value(value)}' for key, value in table.items())} }}"


def _inline_value(value: object) -> str:
    return inline_table(value) if isinstance(value, Mapping) else json.dumps(value, ensure_ascii=False)


def _database_lines(project: Project, report: ProjectReport, lab: LabServices) -> list[str]:
    if project.database == "own":
        return _own_database_lines(project, report, lab.database)
    if lab.database and report.default_database is None:
        return [f"{project.file}: the settings {project.settings} have no database 'default'"]
    foreign = foreign_databases(report, lab)
    options = [line for each in report.databases if each not in foreign for line in _option_lines(project, each)]
    return [*(_refusal(project, each, lab.database) for each in foreign), *options]


def _option_lines(project: Project, database: Database) -> list[str]:
    """Return why a database's OPTIONS do not suit the lab's server."""
    lines = []
    if names := [name for name in database.tls if name != PGSSLMODE]:
        lines.append(f"demand TLS ({', '.join(names)}), {NO_TLS}")
    if database.option_files:
        lines.append(f"read a file ({', '.join(database.option_files)}), which may lead to another server")
    where = f"{project.file}: the OPTIONS of the project's database {database.alias!r}"
    value = inline_table({"OPTIONS": lab_options(database)})
    refusals = [f"{where} {line}; below [project.override] add DATABASES.{database.alias} = {value}" for line in lines]
    if PGSSLMODE in database.tls:
        refusals.append(
            f"{project.file}: the variable {PGSSLMODE} demands TLS, {NO_TLS}; below [project.env] add {PGSSLMODE} ="
            ' "prefer"'
        )
    return refusals


def _own_database_lines(project: Project, report: ProjectReport, url: str) -> list[str]:
    database = report.default_database
    if not url or database is None or _is_the_labs(database, url):
        return []
    return [
        f"{project.file}: with these settings, the project's database 'default' is {database}, not {_address(url)},"
        " which database_url leads to; let DATABASES read {db.url} from [project.env], or correct database_url"
    ]


def _own_database_warnings(project: Project, report: ProjectReport) -> list[str]:
    if project.database != "own":
        return []
    databases = ", ".join(f"{each.alias} is {each}" for each in report.databases)
    return [f"{project.file}: commands and load reach databases that are not the lab's: {databases}"]


def _refusal(project: Project, database: Database, url: str) -> str:
    override = inline_table(database_override(_kind(url), database))
    source = f"below [project.override] add DATABASES.{database.alias} = {override}"
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
    # A Unix socket is named by its folder, as the host or as a parameter of the query.
    host = unquote(parts.hostname or "") or parse_qs(parts.query).get("host", [""])[0]
    default = DEFAULT_PORTS.get(kind, "")
    is_port = (database.port or default) == (str(parts.port or "") or default)
    return (
        is_port and _is_same_host(database.host, host, kind) and database.name == unquote(parts.path.removeprefix("/"))
    )


def _is_in_memory(database: Database) -> bool:
    return database.is_sqlite and (database.name == ":memory:" or "mode=memory" in database.name)


def _is_same_host(first: str, second: str, kind: str = "") -> bool:
    if kind == "mysql" and "localhost" in (first, second):  # which is a socket file for its drivers
        return first == second
    return first == second or (_is_local(first) and _is_local(second))


def _is_local(host: str) -> bool:
    return host in LOCAL_HOSTS


def _kind(url: str) -> str:
    scheme = urlsplit(url).scheme
    return next((kind for kind, pattern in _ENGINES.items() if pattern.search(scheme)), scheme)


def _address(url: str) -> str:
    parts = urlsplit(url)
    return f"{_kind(url)} {parts.netloc.rpartition('@')[2]}{parts.path if parts.netloc else parts.path[1:]}"


def _cache_lines(project: Project, report: ProjectReport, lab: LabServices) -> list[str]:
    return [
        f"{project.file}: the project's cache {cache.alias!r} is {' '.join(cache.locations) or cache.backend}, not the"
        f" lab's Redis; let CACHES read {{redis.url}} from [project.env], or below [project.override] add"
        f' CACHES.{cache.alias} = {inline_table(CACHE_OVERRIDE)}; for a server of your own, put cache = "own" below'
        " [project]"
        for cache in (() if project.own_cache else foreign_caches(report, lab))
    ]


def _is_the_labs_cache(cache: Cache, redis: str) -> bool:
    if not redis or not cache.locations:
        return False
    lab, places = urlsplit(redis), list(map(urlsplit, cache.locations))
    is_host = all(_is_same_host(each.hostname or "", lab.hostname or "") for each in places)
    return is_host and all((each.port or 6379) == (lab.port or 6379) for each in places)


def _email_lines(project: Project, report: ProjectReport, lab: LabServices) -> tuple[list[str], list[str]]:
    """Return the refusals and the warnings about e-mail."""
    refusals, warnings = [], []
    for mailer in report.mailers:
        if mailer.backend and not HARMLESS_EMAIL.search(mailer.backend) and not _is_smtp(mailer):
            advice = "which the lab cannot catch; measure no view that sends e-mail"
            warnings.append(f"{project.file}: e-mail that a view sends goes out by {mailer.backend}, {advice}")
    for mailer in foreign_mailers(report, lab):
        text = f"{project.file}: e-mail that a view sends goes to {mailer.host}:{mailer.port}"
        if _is_local(mailer.host):
            warnings.append(f"{text}, which is not the lab's; {_catch(mailer)}")
        else:
            refusals.append(f"{text}, and may reach people; {_catch(mailer)}")
    return refusals, warnings


def _catch(mailer: Mailer) -> str:
    """Return what to write so that e-mail goes to the lab."""
    if mailer.alias:
        return f"write MAILERS.{mailer.alias} = {inline_table({'OPTIONS': MAILER_OPTIONS})} below [project.override]"
    return 'let EMAIL_HOST and EMAIL_PORT be "{smtp.host}" and "{smtp.port}", by [project.env] or [project.override]'


def _is_smtp(mailer: Mailer) -> bool:
    return mailer.backend.endswith(SMTP_BACKEND)
