"""The Python of a project."""

import sys
from pathlib import Path

import pytest

from locust_asyncdjango.lab.project.inspection.pythons import current_python, environments, has_django


def python_in(folder: Path) -> Path:
    """Make the folder of a virtual environment, as far as it matters, and return its Python."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    return python


def test_environments_of_a_folder_come_before_the_one_above_and_the_activated_one(tmp_path: Path) -> None:
    project = tmp_path / "repository" / "backend"
    project.mkdir(parents=True)
    activated, above, own = (
        python_in(tmp_path / "activated"),
        python_in(tmp_path / "repository" / "venv"),
        python_in(project / ".venv"),
    )
    (project / ".pdm-python").write_text(f"{activated}\n")
    environ = {"VIRTUAL_ENV": str(tmp_path / "activated"), "CONDA_PREFIX": ""}
    assert list(environments(project, environ)) == [own, activated, above, activated]
    (project / ".git").mkdir()
    assert list(environments(project, {})) == [own, activated]


def test_folders_without_a_python(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / ".env").write_text("A=1")
    (tmp_path / ".git").mkdir()
    (tmp_path / "poetry.lock").touch()
    assert list(environments(tmp_path, {"VIRTUAL_ENV": str(tmp_path / "gone")})) == []


def test_a_python_without_django(tmp_path: Path) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    assert not has_django(program)
    assert not has_django(tmp_path / "missing")
    assert current_python() in (None, Path(sys.executable))


def test_environments_of_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = tmp_path / "backend"
    project.mkdir()
    own, above = python_in(project / ".venv"), python_in(tmp_path / "venv")
    monkeypatch.chdir(project)
    assert list(environments(Path(), {})) == [own, above]
