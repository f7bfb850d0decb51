"""Programs that some tests need and that come as Debian's packages. Without them these tests are skipped."""

import os
import shutil
from pathlib import Path
from typing import NoReturn

import pytest

WITHOUT = "LOCUST_ASYNCDJANGO_TEST_WITHOUT_DEBIAN"
"""The environment variable that lets tests run as on a machine that has none of these programs."""


def program(name: str, *packages: str) -> str:
    """Return the path of a program, or skip the test and name the packages that bring it."""
    # Debian has some where only root looks, and PostgreSQL's where nobody does.
    places = (os.environ.get("PATH", os.defpath), "/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin")))
    path = None if os.environ.get(WITHOUT) else shutil.which(name, path=os.pathsep.join(places))
    if path is None:
        skip(f"{name} is missing", *packages)
    return str(Path(path).resolve())


def skip(reason: str, *packages: str) -> NoReturn:
    """Skip the test; the end of the test run lists the packages (tests/conftest.py)."""
    pytest.skip(f"{reason}: apt-get install {' '.join(packages)}")
