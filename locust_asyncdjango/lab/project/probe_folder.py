"""The folder on the project's path that has the probe, and nothing else of ours."""

from pathlib import Path

from locust_asyncdjango.lab.environment.packages import package_folder

PROBE_PACKAGE = "asyncdjango_probe"
"""The name by which the project's processes import the probe."""


def link_probe(folder: Path) -> Path:
    """Put a link to the probe into a folder, and return the folder: it goes to PYTHONPATH."""
    (folder / PROBE_PACKAGE).symlink_to(package_folder("locust_asyncdjango.probe"), target_is_directory=True)
    return folder
