"""The experiment that a project's file and a command line describe."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango.lab.commands.project_experiment import (
    measured_project,
    project_experiment,
    project_values,
    requested_arms,
    require_same_commits,
    resumed_arms,
)
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.arm import Arm
from locust_asyncdjango.lab.experiment.spec import Experiment, Load, MeasuredProject, MeasuredView
from locust_asyncdjango.lab.project.fingerprints import fingerprints
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.tables.arms import ProjectArm
from locust_asyncdjango.lab.project.tables.processes import ProjectProcess
from locust_asyncdjango.routes import View

PROJECT = Project(
    file=Path("/home/ada/shop/asyncdjango.toml"),
    root=Path("/home/ada/shop"),
    python=Path("/home/ada/shop/.venv/bin/python"),
    settings="shop.settings",
    views=(
        View("cart", "/cart/", async_path="/acart/"),
        View("home", "/", headers=(("Authorization", "Bearer s3cret"),)),
    ),
    arms=(
        ProjectArm("sync", "gunicorn-sync", workers=4, env={"CONN_MAX_AGE": "60", "API_PASSWORD": "s3cret"}),
        ProjectArm("async", "uvicorn", variant="async", revision="main"),
    ),
    experiment={"latency_ms": [0, 20], "repeats": 3, "users": 50},
)


def experiment_of(project: Project, **command_line: Any) -> Experiment:
    """Return the experiment of a project and the values of a command line."""
    values = project_values(project, command_line)
    return project_experiment(project, requested_arms(project, values), values)


def test_the_file_says_what_is_measured() -> None:
    assert experiment_of(PROJECT) == Experiment(
        routes=("cart", "home"),
        arms=(
            Arm("gunicorn-sync", workers=4, name="sync", env=(("CONN_MAX_AGE", "60"), ("API_PASSWORD", "***"))),
            Arm("uvicorn", "async", workers=1, name="async", revision="main"),
        ),
        load=Load(users="50"),
        posts=0,
        latencies_ms=(0, 20),
        repeats=3,
        a_a_pairs=1,
        project=MeasuredProject(
            "shop",
            "/home/ada/shop/asyncdjango.toml",
            (MeasuredView("cart", "GET", "/cart/", ("sync", "async")), MeasuredView("home", "GET", "/")),
            fingerprints=fingerprints(PROJECT),
        ),
    )


def test_the_command_line_overrides_the_file() -> None:
    experiment = experiment_of(PROJECT, routes=("home",), repeats=1, latencies_ms=(0,), users="5", a_a_pairs=0)
    assert (experiment.routes, experiment.repeats, experiment.load) == (("home",), 1, Load(users="5"))


@pytest.mark.parametrize(
    ("command_line", "arms"),
    [
        (
            {"arms": (Arm("gunicorn-sync"), Arm("uvicorn", workers=2))},
            [Arm("gunicorn-sync"), Arm("uvicorn", workers=2)],
        ),
        ({"servers": ("gunicorn-sync", "uvicorn")}, [Arm("gunicorn-sync"), Arm("uvicorn")]),
        ({"servers": ("uvicorn",), "workers": 2}, [Arm("uvicorn", workers=2)]),
        ({"servers": ("uvicorn",), "variants": ("sync", "async")}, [Arm("uvicorn", "sync"), Arm("uvicorn", "async")]),
        ({"servers": ("uvicorn",), "max_connections": (5, 9)}, [Arm("uvicorn", "", 5), Arm("uvicorn", "", 9)]),
        ({"servers": ("uvicorn",), "variants": ("all",)}, [Arm("uvicorn", "sync"), Arm("uvicorn", "async")]),
        (
            {"arms": (Arm("gunicorn-sync"), Arm("uvicorn", workers=1)), "workers": 2},
            [Arm("gunicorn-sync", workers=2), Arm("uvicorn")],
        ),
    ],
)
def test_arms_of_the_command_line_take_the_place_of_the_files(command_line: dict[str, Any], arms: list[Arm]) -> None:
    assert list(experiment_of(PROJECT, **command_line).arms) == arms


@pytest.mark.parametrize(("workers", "servers"), [(1, ["gunicorn-sync", "daphne"]), (2, ["gunicorn-sync"])])
def test_all_servers_are_those_of_the_projects_environment(workers: int, servers: list[str]) -> None:
    values = {"servers": ("all",), "workers": workers}
    arms = requested_arms(PROJECT, values, installed=("gunicorn-sync", "daphne"))
    assert arms == tuple(ProjectArm("", server, workers) for server in servers)


@pytest.mark.parametrize(
    "changes",
    [
        {"env": {"REDIS_URL": "{redis.url}"}},
        {"processes": (ProjectProcess("api", "python api.py {process.api.port}", ready_port="{process.api.port}"),)},
    ],
)
def test_latency_may_be_added_to_the_services_next_to_an_sqlite_file(changes: dict[str, Any]) -> None:
    assert experiment_of(replace(PROJECT, database="sqlite", **changes)).latencies_ms == (0, 20)


def test_a_locustfile_is_measured_as_a_whole(tmp_path: Path) -> None:
    (tmp_path / "shoppers.py").touch()
    project = replace(PROJECT, views=(), locustfile=tmp_path / "shoppers.py", arms=PROJECT.arms[:1])
    experiment = experiment_of(project)
    assert experiment.routes == ("shoppers",)
    assert experiment.project is not None
    assert experiment.project.views == (MeasuredView("shoppers", "LOCUSTFILE", "shoppers.py"),)


@pytest.mark.parametrize(
    ("changes", "command_line", "message"),
    [
        ({}, {"posts": 5}, "--posts is for the bundled site alone; /home/ada/shop/asyncdjango.toml says what"),
        ({"experiment": {"posts": 5}}, {}, r"asyncdjango\.toml: \[experiment\]: there is no key 'posts'"),
        ({}, {"routes": ("io_read",)}, "there is no view 'io_read'; choose from cart, home"),
        (
            {},
            {"routes": ("cart",), "arms": (Arm("uvicorn", "psycopg"),)},
            "cart has no variant 'psycopg'; choose one of sync, async",
        ),
        (
            {},
            {"routes": ("home",), "arms": (Arm("apache"),)},
            "no server 'apache'",
        ),
        ({}, {"servers": ("uvicorn",), "arms": (Arm("uvicorn"),)}, "arms name servers, .*: leave servers out"),
        (
            {},
            {"workers": 2},
            r"the arms have their own workers; add --servers, or set workers in the \[\[arm\]\] tables",
        ),
        ({}, {"variants": ("all",)}, "the arms have their own variants; add --servers, or set variant in"),
        ({}, {"max_connections": (20,)}, "the arms have their own max_connections; add --servers, or set"),
        ({}, {"servers": ("uvicorn",), "workers": 0}, "--workers must be from 1 to 64"),
        ({}, {"servers": ("daphne",), "workers": 2}, "daphne cannot have more than one process; leave its workers out"),
        (
            {"database": "sqlite"},
            {"servers": ("uvicorn",), "max_connections": (20,), "latencies_ms": (0,)},
            "max_connections is the limit of the lab's database server, and the database is sqlite; leave it out",
        ),
        (
            {"database": "mysql"},
            {"servers": ("uvicorn",), "max_connections": (9,)},
            "MariaDB permits 10 connections at least, whatever its max_connections; set that to 10 or more",
        ),
        ({"database": "sqlite"}, {}, "the project's database is an SQLite file, and no latency can be added to a file"),
        ({"database": "own"}, {}, "no latency can be added to a database whose address the lab does not know; name it"),
    ],
)
def test_what_cannot_be_measured_is_refused(
    changes: dict[str, Any], command_line: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        experiment_of(replace(PROJECT, **changes), **command_line)


def test_a_run_that_goes_on_reads_the_arms_of_the_file_anew() -> None:
    experiment = experiment_of(PROJECT)
    with_new_password = replace(PROJECT.arms[0], env={"CONN_MAX_AGE": "60", "API_PASSWORD": "new"})
    project = replace(PROJECT, arms=(with_new_password, PROJECT.arms[1]))
    assert resumed_arms(project, experiment) == project.arms
    default = experiment_of(PROJECT, arms=(Arm("uvicorn", workers=2),))
    assert resumed_arms(PROJECT, default) == (ProjectArm("", "uvicorn", workers=2),)


def test_a_run_does_not_go_on_where_a_revision_means_another_commit() -> None:
    def at(commit: str) -> Project:
        return replace(PROJECT, arms=(PROJECT.arms[0], replace(PROJECT.arms[1], commit=commit)))

    experiment = experiment_of(at("3f2a9c1b2d"))
    assert [arm.commit for arm in experiment.arms] == ["", "3f2a9c1b2d"]
    assert resumed_arms(PROJECT, experiment) == PROJECT.arms
    require_same_commits(PROJECT, at("3f2a9c1b2d").arms, experiment)
    with pytest.raises(UsageError) as refused:
        require_same_commits(PROJECT, at("9ab0000000").arms, experiment)
    assert str(refused.value) == (
        "/home/ada/shop/asyncdjango.toml: the revision 'main' was 3f2a9c1b2d when the run began, and is 9ab0000000"
        " now; measure anew"
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"views": PROJECT.views[:1]}, "has other views than when the run began"),
        ({"env": {"A": "1"}}, r"asyncdjango\.toml: \[project\.env\] changed since the run began; measure anew"),
        ({"arms": (replace(PROJECT.arms[0], workers=2), PROJECT.arms[1])}, "the arm 'sync' has changed since"),
        ({"arms": PROJECT.arms[:1]}, "the arm 'async' has changed since the run began; measure anew"),
    ],
)
def test_a_run_does_not_go_on_with_another_project(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        resumed_arms(replace(PROJECT, **changes), experiment_of(PROJECT))


def test_nothing_secret_is_part_of_an_experiment() -> None:
    assert "s3cret" not in repr(experiment_of(PROJECT))
    assert "s3cret" not in repr(measured_project(PROJECT))
