"""A project that does not use the lab's own services is refused before anything is written."""

from dataclasses import replace
from pathlib import Path

import pytest

from locust_asyncdjango.lab.project.inspection.report import Cache, Database, Mailer, ProjectReport
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.proof import (
    MAILER_OPTIONS,
    LabServices,
    Proof,
    foreign_mailers,
    mailers_override,
    prove,
)
from locust_asyncdjango.lab.project.revisions.checkout import Checkout
from locust_asyncdjango.routes import View

PROJECT = Project(Path("asyncdjango.toml"), Path(), Path("python"), "mysite.settings", views=(View("home", "/"),))
POSTGRES = "postgresql://postgres:secret@127.0.0.1:5433/postgres"
LAB = LabServices(POSTGRES, "redis://127.0.0.1:7000/0", 2525)
OURS = Database("default", "django.db.backends.postgresql", "127.0.0.1", "5433", "postgres")
REPORT = ProjectReport(databases=(OURS,))
REDIS = "django.core.cache.backends.redis.RedisCache"
SMTP = "django.core.mail.backends.smtp.EmailBackend"


def test_a_revision_has_to_run_its_own_files() -> None:
    checkout = Checkout("main", "3f2a9c1b2d", Path("/shop"), Path("/worktree"))
    report = replace(REPORT, foreign_files=("/shop/src/shop/urls.py",))
    assert prove(PROJECT, report, LAB) == Proof()
    assert prove(replace(PROJECT, checkout=checkout), REPORT, LAB) == Proof()
    assert prove(replace(PROJECT, checkout=checkout), report, LAB).refusals == (
        "asyncdjango.toml: with the revision 'main', the project would still import /shop/src/shop/urls.py, which is"
        " not the revision's; give the revision an environment of its own with the key setup, or name the folder of its"
        ' modules, such as PYTHONPATH = "src" below [project.env]',
    )


@pytest.mark.parametrize(
    ("databases", "url"),
    [
        ((OURS,), POSTGRES),
        ((replace(OURS, host="localhost"),), POSTGRES),
        ((replace(OURS, engine="django.contrib.gis.db.backends.postgis"),), POSTGRES),
        ((replace(OURS, engine="django_prometheus.db.backends.postgresql"),), POSTGRES),
        ((OURS, replace(OURS, alias="replica")), POSTGRES),
        ((OURS, Database("memory", "django.db.backends.sqlite3", name=":memory:")), POSTGRES),
        ((Database("default", "django.db.backends.sqlite3", name="/x/db.sqlite3"),), "sqlite:////x/db.sqlite3"),
        ((Database("default", "any.engine", "db.example.com", "1", "x"),), ""),
    ],
)
def test_databases_of_the_lab(databases: tuple[Database, ...], url: str) -> None:
    assert prove(PROJECT, replace(REPORT, databases=databases), replace(LAB, database=url)) == Proof()


@pytest.mark.parametrize(
    ("databases", "url", "message"),
    [
        ((), POSTGRES, "asyncdjango.toml: the settings mysite.settings have no database 'default'"),
        (
            (Database("default", "django.db.backends.sqlite3", name="/site/db.sqlite3"),),
            POSTGRES,
            "asyncdjango.toml: with these settings, the project's database 'default' is sqlite3 /site/db.sqlite3, not"
            " the lab's postgresql 127.0.0.1:5433/postgres; let DATABASES read a variable of [project.env], or below"
            ' [project.override] add DATABASES.default = { ENGINE = "django.db.backends.postgresql",',
        ),
        (
            (replace(OURS, port="5432"),),
            POSTGRES,
            "asyncdjango.toml: with these settings, the project's database 'default' is postgresql"
            " 127.0.0.1:5432/postgres, not the lab's postgresql 127.0.0.1:5433/postgres; let DATABASES read",
        ),
        (
            (replace(OURS, host="", port=""),),
            POSTGRES,
            "asyncdjango.toml: with these settings, the project's database 'default' is postgresql localhost/postgres,",
        ),
        (
            (OURS, replace(OURS, alias="replica", host="db.example.com")),
            POSTGRES,
            "asyncdjango.toml: with these settings, the project's database 'replica' is postgresql"
            " db.example.com:5433/postgres, not the lab's postgresql 127.0.0.1:5433/postgres; below [project.override]"
            " add DATABASES.replica = ",
        ),
        (
            (replace(OURS, engine="django.db.backends.mysql"),),
            POSTGRES,
            "asyncdjango.toml: with these settings, the project's database 'default' is mysql 127.0.0.1:5433/postgres,",
        ),
        (
            (Database("default", "django.db.backends.sqlite3", name="/site/db.sqlite3"),),
            "sqlite:////lab/db.sqlite3",
            "asyncdjango.toml: with these settings, the project's database 'default' is sqlite3 /site/db.sqlite3, not"
            " the lab's sqlite /lab/db.sqlite3; let DATABASES read a variable of [project.env], or below"
            ' [project.override] add DATABASES.default = { NAME = "{db.name}" }',
        ),
    ],
)
def test_databases_of_others(databases: tuple[Database, ...], url: str, message: str) -> None:
    (line,) = prove(PROJECT, replace(REPORT, databases=databases), replace(LAB, database=url)).refusals
    assert line.startswith(message)
    assert "secret" not in line


MYSQL = "mysql://lab:secret@127.0.0.1:3307/lab"
OF_MYSQL = Database("default", "django.db.backends.mysql", "127.0.0.1", "3307", "lab")
NO_CERTIFICATE = "for which the lab's database has no certificate; below [project.override] add"


@pytest.mark.parametrize(
    ("url", "database", "refusals"),
    [
        (MYSQL, OF_MYSQL, ()),
        (
            MYSQL,
            replace(OF_MYSQL, host="localhost"),  # of which drivers make the path of a socket
            (
                "with these settings, the project's database 'default' is mysql localhost:3307/lab, not the lab's mysql"
                " 127.0.0.1:3307/lab; let DATABASES read a variable of [project.env], or below [project.override] add"
                ' DATABASES.default = { HOST = "{db.host}", PORT = "{db.port}", NAME = "{db.name}", USER = "{db.user}",'
                ' PASSWORD = "{db.password}" }',
            ),
        ),
        (
            MYSQL,
            replace(OF_MYSQL, option_files=("read_default_file",)),
            (
                "the OPTIONS of the project's database 'default' read a file (read_default_file), which may lead to"
                " another server; below [project.override] add DATABASES.default = { OPTIONS = { read_default_file ="
                ' "/dev/null" } }',
            ),
        ),
        (
            MYSQL,
            replace(OF_MYSQL, tls=("ssl_mode", "ssl", "ssl_ca")),
            (
                "the OPTIONS of the project's database 'default' demand TLS (ssl_mode, ssl, ssl_ca), "
                f"{NO_CERTIFICATE} DATABASES.default ="
                ' { OPTIONS = { ssl_mode = "DISABLED", ssl = {}, ssl_ca = "" } }',
            ),
        ),
        (
            POSTGRES,
            replace(OURS, tls=("sslmode",)),
            (
                f"the OPTIONS of the project's database 'default' demand TLS (sslmode), {NO_CERTIFICATE}"
                ' DATABASES.default = { OPTIONS = { sslmode = "prefer" } }',
            ),
        ),
        (
            POSTGRES,
            replace(OURS, tls=("PGSSLMODE",)),
            (
                "the variable PGSSLMODE demands TLS, for which the lab's database has no certificate; below"
                ' [project.env] add PGSSLMODE = "prefer"',
            ),
        ),
    ],
)
def test_connections_that_do_not_suit_the_labs_server(url: str, database: Database, refusals: tuple[str, ...]) -> None:
    proof = prove(PROJECT, replace(REPORT, databases=(database,)), replace(LAB, database=url))
    assert proof == Proof(tuple(f"asyncdjango.toml: {line}" for line in refusals))


@pytest.mark.parametrize(
    ("cache", "is_ours"),
    [
        (Cache("default", "django.core.cache.backends.locmem.LocMemCache"), True),
        (Cache("default", "django.core.cache.backends.db.DatabaseCache", ("cache_table",)), True),
        (Cache("default", REDIS, ("redis://127.0.0.1:7000/1",)), True),
        (Cache("default", REDIS, ("redis://127.0.0.1:7000", "redis://cache.example.com:7000")), False),
        (Cache("default", "django_redis.cache.RedisCache", ("redis://127.0.0.1:6379/1",)), False),
        (Cache("default", "django.core.cache.backends.memcached.PyMemcacheCache", ("127.0.0.1:11211",)), False),
    ],
)
def test_caches(cache: Cache, is_ours: bool) -> None:
    proof = prove(PROJECT, replace(REPORT, caches=(cache,)), LAB)
    assert (proof.refusals == ()) == is_ours
    if not is_ours:
        assert proof.refusals[0].startswith(
            f"asyncdjango.toml: the project's cache 'default' is {' '.join(cache.locations)}, not the lab's Redis; let"
        )
    assert prove(replace(PROJECT, own_cache=True), replace(REPORT, caches=(cache,)), LAB) == Proof()


CATCH = 'let EMAIL_HOST and EMAIL_PORT be "{smtp.host}" and "{smtp.port}", by [project.env] or [project.override]'


@pytest.mark.parametrize(
    ("backend", "host", "port", "proof"),
    [
        ("django.core.mail.backends.console.EmailBackend", "localhost", 25, Proof()),
        (SMTP, "127.0.0.1", 2525, Proof()),
        (SMTP, "localhost", 25, Proof(warnings=(f"localhost:25, which is not the lab's; {CATCH}",))),
        (SMTP, "smtp.example.com", 587, Proof((f"smtp.example.com:587, and may reach people; {CATCH}",))),
    ],
)
def test_where_e_mail_goes(backend: str, host: str, port: int, proof: Proof) -> None:
    proven = prove(PROJECT, replace(REPORT, mailers=(Mailer("", backend, host, port),)), LAB)
    begin = "asyncdjango.toml: e-mail that a view sends goes to "
    assert proven == Proof(*(tuple(f"{begin}{line}" for line in lines) for lines in (proof.refusals, proof.warnings)))


def test_each_of_several_mailers_counts() -> None:
    mailers = (Mailer("default", SMTP, "127.0.0.1", 2525), Mailer("bulk", SMTP, "smtp.example.com", 587))
    (refusal,) = prove(PROJECT, replace(REPORT, mailers=mailers), LAB).refusals
    assert refusal == (
        "asyncdjango.toml: e-mail that a view sends goes to smtp.example.com:587, and may reach people; write"
        ' MAILERS.bulk = { OPTIONS = { host = "{smtp.host}", port = "{smtp.port}", use_tls = false, use_ssl = false,'
        ' username = "", password = "" } } below [project.override]'
    )
    assert mailers_override(foreign_mailers(replace(REPORT, mailers=mailers), LAB)) == {
        "MAILERS": {"bulk": {"OPTIONS": MAILER_OPTIONS}}
    }


def test_e_mail_that_the_lab_cannot_catch() -> None:
    proof = prove(PROJECT, replace(REPORT, mailers=(Mailer("", "anymail.backends.mailgun.EmailBackend"),)), LAB)
    assert proof == Proof(
        warnings=(
            "asyncdjango.toml: e-mail that a view sends goes out by anymail.backends.mailgun.EmailBackend, which the"
            " lab cannot catch; measure no view that sends e-mail",
        )
    )


OWN = replace(PROJECT, database="own")
OWN_URL = "postgresql://ada:s3cret@db.test/shop%2D1"
AT_OWN = Database("default", "django.db.backends.postgresql", "db.test", "5432", "shop-1")
WARNING = "asyncdjango.toml: commands and load reach databases that are not the lab's: default is postgresql "


@pytest.mark.parametrize(
    ("database", "url"),
    [
        (AT_OWN, OWN_URL),
        (replace(AT_OWN, port=""), OWN_URL),
        (replace(AT_OWN, host="/run/pg"), "postgresql:///shop-1?host=/run/pg"),
        (AT_OWN, ""),
    ],
)
def test_a_database_of_the_users_own_is_named(database: Database, url: str) -> None:
    proof = prove(OWN, ProjectReport(databases=(database,)), LabServices(url))
    assert proof == Proof(warnings=(f"{WARNING}{str(database).partition(' ')[2]}",))


def test_settings_that_do_not_use_the_database_that_the_file_names_are_refused() -> None:
    report = ProjectReport(databases=(replace(AT_OWN, host="db.production"),))
    assert prove(OWN, report, LabServices(OWN_URL)).refusals == (
        "asyncdjango.toml: with these settings, the project's database 'default' is postgresql"
        " db.production:5432/shop-1, not postgresql db.test/shop%2D1, which database_url leads to; let DATABASES"
        " read {db.url} from [project.env],"
        " or correct database_url",
    )
