"""What `init` prints about a project."""

from pathlib import Path

from locust_asyncdjango.lab.commands.init import summary_lines
from locust_asyncdjango.lab.project.inspection.draft import Draft
from locust_asyncdjango.lab.project.inspection.layout import Layout
from locust_asyncdjango.lab.project.inspection.report import ProjectReport
from locust_asyncdjango.lab.project.project_file import FILE_NAME, Project

ALL = dict.fromkeys(("gunicorn", "gevent", "packaging", "uvicorn", "uvicorn-worker"), "1")


def server_lines(folder: Path, packages: dict[str, str]) -> list[str]:
    """Return the lines about the servers of a project whose environment has some packages."""
    project = Project(folder / FILE_NAME, folder, folder / ".venv" / "bin" / "python", "mysite.settings")
    layout = Layout(folder, has_manage=True, settings="mysite.settings")
    draft = Draft(folder, layout, project, ProjectReport(packages=packages))
    return [line.strip() for line in summary_lines(draft) if line.strip().startswith("servers:")]


def test_servers_that_the_environment_lacks_are_named_with_both_ways_to_have_them(tmp_path: Path) -> None:
    assert server_lines(tmp_path, ALL) == []
    assert server_lines(
        tmp_path, {"Gunicorn": "23.0", "packaging": "26.0", "uvicorn_worker": "0.3", "uvicorn": "0.30"}
    ) == [
        "servers: the project's environment has no gevent. Install it there (.venv/bin/python -m pip install gevent),"
        " or add --install to check and run: the lab then puts it into a folder of its own"
    ]
    assert server_lines(tmp_path, {}) == [
        "servers: the project's environment has no gunicorn and no gevent and no packaging and no uvicorn. Install them"
        " there (.venv/bin/python -m pip install gunicorn gevent packaging uvicorn), or add --install to check and run:"
        " the lab then puts them into a folder of its own"
    ]
