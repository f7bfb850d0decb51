"""Where a revision's modules are, when the project's environment leads to the user's own files.

Editable installs and .pth files do. PYTHONPATH comes before them. Start reading at ``find_search_paths``.
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

from locust_asyncdjango.lab.environment.packages import package_folder
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.project_env import program_env
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.revisions.checkout import Checkout

DEADLINE_S = 60


def find_search_paths(project: Project) -> tuple[Path, ...]:
    """Return the folders of a revision in place of those of the user's repository that its Python looks into.

    project: at a revision. Raise UsageError where its Python cannot be started.
    """
    checkout = project.checkout
    if checkout is None:
        return ()
    moved = (Path(checkout.moved(folder)) for folder in _folders(_ask_python(project)) if _is_moved(checkout, folder))
    return tuple(dict.fromkeys(folder for folder in moved if folder.is_dir()))


def _is_moved(checkout: Checkout, folder: str) -> bool:
    return checkout.moved(folder) != folder


def _folders(answer: Mapping[str, Any]) -> Iterator[str]:
    """Yield the folders that Python looks into, and those of packages that an editable install names one by one."""
    yield from answer["paths"]
    for package, path in answer["packages"].items():
        parts, names = PurePath(path).parts, tuple(package.split("."))
        if parts[-len(names) :] == names:  # else it has another name than its folder
            yield str(PurePath(*parts[: -len(names)]))


def _ask_python(project: Project) -> dict[str, Any]:
    program = package_folder("locust_asyncdjango.probe") / "import_paths.py"
    env = program_env(project, {}, Path(os.devnull))
    try:
        result = subprocess.run(
            [str(project.python), str(program)],
            cwd=project.root,
            env=env,
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=True,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        answer: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as error:
        raise UsageError(f"{project.file}: {project.python} does not say where it looks for modules: {error}") from None
    return answer
