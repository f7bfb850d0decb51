"""What a project gets of the lab's services."""

from pathlib import Path

from locust_asyncdjango.lab.measure.sites.project_services import lab_services, project_services
from locust_asyncdjango.lab.project.prepare import Preparation
from locust_asyncdjango.lab.project.proof import LabServices
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
