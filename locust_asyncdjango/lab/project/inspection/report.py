"""What a project says about itself: the answer of the probe's ``ask.py``, typed. Start reading at ``ProjectReport``."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Database:
    """A database of the settings, by which alias, without its password.

    tls, option_files: the names of its OPTIONS that demand TLS, and of those that name a file of more options.
    """

    alias: str
    engine: str
    host: str = ""
    port: str = ""
    name: str = ""
    tls: tuple[str, ...] = ()
    option_files: tuple[str, ...] = ()

    def __str__(self) -> str:
        engine = self.engine.rpartition(".")[2]
        address = f"{self.host or 'localhost'}{self.port and ':' + self.port}/{self.name}"
        return f"{engine} {self.name}" if self.is_sqlite else f"{engine} {address}"

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file."""
        return self.engine.endswith(("sqlite3", "spatialite"))


@dataclass(frozen=True, slots=True)
class Cache:
    """A cache of the settings. locations: without passwords."""

    alias: str
    backend: str
    locations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UrlPattern:
    """A URL of the project. name: with its namespaces. route: as Django shows it, from the root. view: dotted.

    parameters: the names of its parts that are not fixed.
    """

    name: str
    route: str
    view: str = ""
    is_async: bool = False
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mailer:
    """Where e-mail goes. alias: in MAILERS; "" for the settings EMAIL_*. port: 0 where it is no number."""

    alias: str
    backend: str
    host: str = ""
    port: int = 0


@dataclass(frozen=True, slots=True)
class ProjectReport:
    """A project as its settings describe it.

    versions: of Python, Django and drivers. servers: installed servers and their versions. packages: all installed
    packages and their versions. mailers: those of MAILERS, or the one of the settings EMAIL_*.
    migrations: app -> name -> hash of the source. foreign_files: of modules that a git revision should have of its own,
    and has not.
    errors: what could not be read, such as "urls", and why.
    """

    versions: Mapping[str, str] = field(default_factory=dict)
    servers: Mapping[str, str] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    debug: bool = False
    allowed_hosts: tuple[str, ...] = ()
    secure_ssl_redirect: bool = False
    wsgi_application: str = ""
    asgi_application: str = ""
    root_urlconf: str = ""
    login_url: str = ""
    installed_apps: tuple[str, ...] = ()
    sync_only_middleware: tuple[str, ...] = ()
    databases: tuple[Database, ...] = ()
    caches: tuple[Cache, ...] = ()
    mailers: tuple[Mailer, ...] = ()
    static_url: str = ""
    static_root: str = ""
    urls: tuple[UrlPattern, ...] = ()
    migrations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    foreign_files: tuple[str, ...] = ()
    errors: Mapping[str, str] = field(default_factory=dict)

    @property
    def default_database(self) -> Database | None:
        """The database "default"; None where the settings have none."""
        return next((each for each in self.databases if each.alias == "default"), None)


def read_report(content: Mapping[str, Any]) -> ProjectReport:
    """Return the report of an answer. Members that are missing or unknown do no harm: the probe may be another's."""
    static = content.get("static") or {}
    versions, servers = content.get("versions") or {}, content.get("servers") or {}
    return ProjectReport(
        versions=versions,
        servers=servers,
        packages=content.get("packages") or {**versions, **servers},
        debug=bool(content.get("debug")),
        allowed_hosts=tuple(content.get("allowed_hosts") or ()),
        secure_ssl_redirect=bool(content.get("secure_ssl_redirect")),
        **{name: str(content.get(name) or "") for name in _TEXTS},
        installed_apps=tuple(content.get("installed_apps") or ()),
        sync_only_middleware=tuple(content.get("sync_only_middleware") or ()),
        databases=tuple(
            Database(
                alias,
                **{name: str(each.get(name) or "") for name in ("engine", "host", "port", "name")},
                tls=tuple(each.get("tls") or ()),
                option_files=tuple(each.get("option_files") or ()),
            )
            for alias, each in (content.get("databases") or {}).items()
        ),
        caches=tuple(
            Cache(alias, str(each.get("backend") or ""), tuple(each.get("locations") or ()))
            for alias, each in (content.get("caches") or {}).items()
        ),
        mailers=tuple(
            Mailer(alias, str(each.get("backend") or ""), str(each.get("host") or ""), _port(each.get("port")))
            for alias, each in (content.get("mailers") or {}).items()
        ),
        static_url=str(static.get("url") or ""),
        static_root=str(static.get("root") or ""),
        urls=tuple(
            UrlPattern(
                each["name"], each["route"], each["view"], bool(each["is_async"]), tuple(each.get("parameters") or ())
            )
            for each in content.get("urls") or ()
        ),
        migrations=content.get("migrations") or {},
        foreign_files=tuple(map(str, content.get("foreign_files") or ())),
        errors=content.get("errors") or {},
    )


_TEXTS = ("wsgi_application", "asgi_application", "root_urlconf", "login_url")


def _port(value: Any) -> int:
    return int(value) if str(value).isdecimal() else 0
