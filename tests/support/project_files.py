"""Project files for tests, and the folder that they describe."""

import sys
from pathlib import Path

import pytest

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.project_file import FILE_NAME, Project, read_project

PROJECT = f"""
[project]
python = {sys.executable!r}
settings = "mysite.settings"
"""
VIEW = """
[[view]]
name = "home"
path = "/"
"""


def write_project_file(folder: Path, text: str) -> Path:
    """Write a project file and return its path."""
    file = folder / FILE_NAME
    file.write_text(text, encoding="utf-8")
    return file


def project_of(folder: Path, in_project: str = "", tables: str = VIEW) -> Project:
    """Return the project of a file with a few keys of [project] and tables more than PROJECT has."""
    return read_project(write_project_file(folder, PROJECT + in_project + "\n" + tables))


def refusal_of(folder: Path, tables: str) -> str:
    """Return what is said of a file with tables that cannot be used, without the file's name before it."""
    with pytest.raises(UsageError) as refused:
        project_of(folder, tables=tables)
    return str(refused.value).removeprefix(f"{folder / FILE_NAME}: ")
