"""The wheel, in a fresh environment outside the checkout."""

import re
import signal
import subprocess
import sys
import urllib.request
import zipfile
from pathlib import Path
from typing import NamedTuple

import pytest

from locust_asyncdjango.lab.environment.process import free_port
from tests.support.programs import done, running
from tests.support.site_fixtures import POSTS

# They share what their module starts.
pytestmark = pytest.mark.xdist_group("packaging")

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built wheel."""
    source = tmp_path_factory.mktemp("source") / "checkout"
    # What git has, so that nothing is built that is only lying about.
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, files.split("\0")):
        target = source / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    subprocess.run([sys.executable, "-m", "build", "--wheel", source], check=True, capture_output=True)
    (built,) = source.glob("dist/*.whl")
    return built


class PlainInstall(NamedTuple):
    """An environment of a project with Django 4.2 that has got the wheel without extras.

    before, after: its packages without the wheel and with it. project: the exit code and the output of the project.
    """

    folder: Path
    before: set[str]
    after: set[str]
    project: tuple[int, str]


@pytest.fixture(scope="module")
def plain_install(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> PlainInstall:
    """Install the wheel into the environment of a project, and run the project."""
    folder = tmp_path_factory.mktemp("environment")
    make_environment(folder)
    install(folder, "django==4.2.*", "psycopg2-binary")
    before = set(run_pip(folder, "freeze").splitlines())
    install(folder, wheel)
    after = set(run_pip(folder, "freeze").splitlines())
    project = ROOT / "tests" / "support" / "sites" / "small_project.py"
    ran = done(folder / "bin" / "python", project, env={"DJANGO_SETTINGS_MODULE": ""}, cwd=folder)
    return PlainInstall(folder, before, after, ran)


@pytest.fixture(scope="module")
def bin_(wheel: Path, plain_install: PlainInstall) -> Path:
    """Add the lab to the environment, which gets a newer Django by that, and return the folder of its programs."""
    install(plain_install.folder, f"{wheel}[lab]")
    return plain_install.folder / "bin"


def make_environment(folder: Path) -> None:
    """Make an empty environment. It has no pip of its own, which would take seconds to install."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)


def install(environment: Path, *requirements: str | Path) -> None:
    """Install packages in an environment. Only what is used is compiled, when it is imported first."""
    run_pip(environment, "install", "--no-compile", *requirements)


def run_pip(environment: Path, *arguments: str | Path) -> str:
    """Run a command of the tests' own pip on an environment, and return what it prints."""
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--quiet", "--python", environment / "bin" / "python"]
    return subprocess.run([*pip, *arguments], check=True, capture_output=True, text=True).stdout


def test_what_the_wheel_holds(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {
        "locust_asyncdjango/py.typed",
        "locust_asyncdjango/failures/postgres_messages.txt",
        "locust_asyncdjango/analysis/static/live.html",
        "locust_asyncdjango/analysis/static/uPlot.LICENSE",
        "locust_asyncdjango/lab/commands/project_readme.md",
        "locust_asyncdjango/lab/report/templates/page.html",
        "locust_asyncdjango/shapes/ramp.py",
        "locust_asyncdjango/examples/io_read.py",
        "target_site/templates/target_site/index.html",
        "target_site/migrations/0001_initial.py",
    } <= names
    assert {name.partition("/")[0] for name in names if ".dist-info" not in name} == {
        "locust_asyncdjango",
        "target_site",
    }


def test_the_installed_package_serves_and_loads_the_site(bin_: Path, tmp_path: Path) -> None:
    serve: list[str | Path] = [
        bin_ / "locust-asyncdjango",
        "serve",
        "gunicorn-uvicorn",
        "--port",
        str(free_port()),
        "--posts",
        str(POSTS),
    ]
    with running(*serve, cwd=tmp_path) as program:
        command = program.wait_for(r"locust -f (\S+/io_read\.py) --shape RampTo500 -H (http://\S+)\n")
        program.wait_for("or add --headless")
        assert ROOT not in Path(command[1]).parents
        with urllib.request.urlopen(f"{command[2]}/") as response:
            assert b"target_site on ASGI" in response.read()
        load = ["--shape", "RampTo500", "-u", "2", "-r", "2", "-t", "2s", "--headless", "-H", command[2]]
        code, text = done(bin_ / "locust", "-f", command[1], *load, "--report", "run.html", cwd=tmp_path)
        assert code == 0
        assert "where this run saturated" in text
        assert "Report: run.html" in text
        assert "drawCharts(" in (tmp_path / "run.html").read_text()
        program.signal(signal.SIGINT)
        assert program.end() == 130


def test_the_plain_install_changes_nothing_of_a_project(plain_install: PlainInstall) -> None:
    before, after = plain_install.before, plain_install.after
    assert before
    assert before <= after
    assert [line for line in after - before if line.lower().startswith(("django", "psycopg"))] == []
    code, text = plain_install.project
    assert code == 0, text
    assert re.fullmatch(r"4\.2\.\d+ psycopg2\n", text.splitlines(keepends=True)[-1])


def test_users_run_from_a_locustfile_beside_a_shapes_module(bin_: Path, tmp_path: Path) -> None:
    (tmp_path / "shapes.py").write_text("raise ImportError('the wrong shapes')\n")
    (tmp_path / "mine.py").write_text(
        "from locust_asyncdjango import CpuUser, IoCreateUser, IoReadUser\n"
        "from locust_asyncdjango.shapes import RampTo500\n"
        "class Short(RampTo500):\n    users, spawn_rate, run_time = 3, 3.0, 2.0\n"
    )
    address = f"http://127.0.0.1:{free_port()}"
    code, text = done(bin_ / "locust", "-f", "mine.py", "--headless", "--only-summary", "-H", address, cwd=tmp_path)
    assert code == 1
    for path in ("/io_read/", "/io_create/", "/cpu/"):
        assert f"{path}: connect_refused" in text


def test_without_the_lab_extra_one_line_says_how_to_get_it(bin_: Path, tmp_path: Path) -> None:
    (tmp_path / "platformdirs.py").write_text("raise ModuleNotFoundError('planted', name='platformdirs')\n")
    command: list[str | Path] = [bin_ / "locust-asyncdjango", "serve"]
    assert done(*command, env={"PYTHONPATH": str(tmp_path)}) == (
        2,
        "locust-asyncdjango: error: `serve` needs the extra lab (platformdirs is not installed): pip install"
        " 'locust-asyncdjango[lab]', or in a checkout pip install -e '.[lab]'\n",
    )
