"""What is compared where the file names no arms."""

from pathlib import Path

from locust_asyncdjango.lab.project.default_arms import DefaultArms, default_arms
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.tables.arms import ProjectArm
from locust_asyncdjango.routes import View

PLAIN = Project(Path("asyncdjango.toml"), Path(), Path("python"), "mysite.settings", views=(View("home", "/"),))
TWINS = Project(
    Path("asyncdjango.toml"), Path(), Path("python"), "mysite.settings", views=(View("a", "/a/", async_path="/b/"),)
)
NAMED = Project(
    Path("asyncdjango.toml"),
    Path(),
    Path("python"),
    "mysite.settings",
    views=(View("a", "/{variant}/", variants=("orm", "raw")),),
)
ALL = ("gunicorn", "gevent", "packaging", "Uvicorn", "uvicorn_worker", "psycopg")


def test_all_kinds_of_servers_with_as_many_slots() -> None:
    assert default_arms(PLAIN, ALL, processors=4) == DefaultArms(
        (
            ProjectArm("sync-workers", "gunicorn-sync", workers=8),
            ProjectArm("threads", "gunicorn-100-threads", workers=2, threads=4),
            ProjectArm("gevent", "gunicorn-gevent", workers=2),
            ProjectArm("gunicorn-uvicorn", "gunicorn-uvicorn", workers=2),
        ),
        (
            "the file has no [[arm]], so these are compared: 8 sync workers, 8 threads in 2 processes, gevent in 2"
            " processes, without a limit of slots, gunicorn-uvicorn in 2 processes, without a limit of slots",
        ),
    )


def test_what_is_missing_is_left_out_or_installed() -> None:
    some = default_arms(PLAIN, ("gunicorn", "packaging", "psycopg2-binary", "daphne"), processors=1)
    assert [(arm.name, arm.workers) for arm in some.arms] == [("sync-workers", 4), ("threads", 1), ("daphne", 1)]
    assert some.reasons == (
        "the file has no [[arm]], so these are compared: 4 sync workers, 4 threads in 1 process, daphne in 1 process,"
        " without a limit of slots",
        "gunicorn-gevent is left out: the project's environment has no gevent; install it there, or add --install,"
        " which puts it into a folder of ours",
    )
    every = default_arms(PLAIN, (), processors=2, may_install=True)
    assert [arm.server for arm in every.arms] == ["gunicorn-sync", "gunicorn-100-threads", "gunicorn-gevent", "uvicorn"]
    blocked = default_arms(PLAIN, (*ALL[:5], "psycopg2"), processors=2)
    assert blocked.reasons[1:] == (
        "gunicorn-gevent is left out: psycopg2 blocks gevent while it waits for the database; psycogreen or psycopg 3"
        " would not",
    )


def test_twins_are_compared_where_they_are_natural_and_named_variants_everywhere() -> None:
    assert default_arms(TWINS, ALL, processors=2) == default_arms(PLAIN, ALL, processors=2)
    assert [arm.variant for arm in default_arms(NAMED, ("uvicorn",), processors=2).arms] == ["orm", "raw"]
