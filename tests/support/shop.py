"""The shop, a project of another team: copied into a folder of a test, with a link to the probe as the lab makes it."""

import shutil
from pathlib import Path

from locust_asyncdjango.probe import protocol

PROJECT = Path(__file__).parent / "sites" / "shop_project"
PROBE = Path(protocol.__file__).parent
TOKEN = "t0ken"


def copy_shop(folder: Path) -> Path:
    """Copy the project, and link the probe, below a folder. Return the project's folder."""
    (folder / "path").mkdir()
    (folder / "path" / "asyncdjango_probe").symlink_to(PROBE)
    return Path(shutil.copytree(PROJECT, folder / "project", ignore=shutil.ignore_patterns("__pycache__")))


def shop_env(folder: Path, **variables: str) -> dict[str, str]:
    """Return the environment of a Python that runs the copied project. folder: as in copy_shop."""
    return {
        "PATH": "/usr/bin:/bin",
        "PYTHONPATH": str(folder / "path"),
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        protocol.TOKEN_VARIABLE: TOKEN,
        **variables,
    }
