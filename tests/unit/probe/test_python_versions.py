"""The probe runs with a project's Python, which may be older than the lab's."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.shop import PROBE

VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
WITHOUT_DJANGO = (
    *("protocol", "launch", "application", "wrappers.wsgi_wrapper", "wrappers.asgi_wrapper", "project.report"),
    *("pages.preflight", "event_loop.watch"),
)


def find_python(version: str) -> str | None:
    """Return the path of a Python of this version, among pyenv's or on PATH; None without one."""
    # pyenv's programs on PATH need its own settings.
    pythons = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    return str(pythons[-1]) if pythons else shutil.which(f"python{version}")


PYTHONS = {version: python for version in VERSIONS if (python := find_python(version))} | {
    f"{sys.version_info.major}.{sys.version_info.minor}": sys.executable
}
"""The Pythons of this machine, by version; the one that runs the tests is one of them."""


@pytest.mark.parametrize("version", PYTHONS)
def test_all_modules_compile_and_load_without_django(version: str, tmp_path: Path) -> None:
    python = PYTHONS[version]
    shutil.copytree(PROBE, tmp_path / "asyncdjango_probe", ignore=shutil.ignore_patterns("__pycache__"))
    loads = "\n".join(f"import asyncdjango_probe.{name}" for name in WITHOUT_DJANGO)
    program = (
        f"import compileall, sys\n{loads}\n"
        "assert not {'django', 'asgiref', 'locust_asyncdjango'} & set(sys.modules)\n"
        "sys.exit(not compileall.compile_dir('asyncdjango_probe', quiet=1))"
    )
    done = subprocess.run(
        [python, "-W", "error", "-c", program],
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_oldest_python_is_named() -> None:
    assert sys.version_info >= tuple(int(part) for part in VERSIONS[0].split("."))
