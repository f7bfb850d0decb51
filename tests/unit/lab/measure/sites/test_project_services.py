"""What a project gets of the lab's services."""

import os
from pathlib import Path

import pytest

from locust_asyncdjango.lab.commands.project_experiment import project_experiment
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.measure.sites.prepared_project import PreparedProject
from locust_asyncdjango.lab.measure.sites.project import ProjectSite
from locust_asyncdjango.lab.measure.sites.project_services import lab_services, project_services
from locust_asyncdjango.lab.project.inspection.report import ProjectReport
from locust_asyncdjango.lab.project.prepare import Preparation
from locust_asyncdjango.lab.project.proof import LabServices
from locust_asyncdjango.lab.project.tables.arms import ProjectArm
from tests.support.project_files import project_of


def test_an_sqlite_file_is_copied_also_with_latency(tmp_path: Path) -> None:
    preparation = Preparation(project_of(tmp_path, 'database = "sqlite"'), tmp_path, tmp_path)
    with project_services(preparation, 100, tmp_path, latency_ms=5) as values:
        copy = Path(values["db.name"])
        assert copy.is_file()
        assert lab_services(values) == LabServices(f"sqlite:///{copy}")
    assert not copy.exists()


def test_a_server_of_the_users_own_is_used_as_it_is(tmp_path: Path) -> None:
    url = "postgresql://ada@127.0.0.1:5432/shop"
    project = project_of(tmp_path, f'database = "own"\ndatabase_url = "{url}"')
    with project_services(Preparation(project, tmp_path, tmp_path), 100, tmp_path) as values:
        assert lab_services(values) == LabServices(url)


def test_a_redis_that_does_not_start_for_the_commands_is_an_error_of_the_set_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "redis-server"
    program.write_text("#!/bin/sh\necho 'Fatal: no memory' >&2\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    project = project_of(tmp_path, 'database = "sqlite"\nenv.REDIS_URL = "{redis.url}"')
    prepared = PreparedProject(ProjectReport(), Preparation(project, tmp_path, tmp_path))
    site = ProjectSite(project, (), {"": prepared})
    experiment = project_experiment(project, (ProjectArm("", "gunicorn-sync"),), {})
    with pytest.raises(UsageError, match=r"^Redis did not start: Fatal: no memory$"):
        site.prepare(experiment, tmp_path)
