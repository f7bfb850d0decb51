"""Where modules come from. Of a git revision, they have to come from the lab's checkout of it.

Otherwise an editable install, or an installed copy of the project, would be measured in the place of the revision.
"""

import importlib
import os
import sys
from pathlib import Path
from typing import Any

from ..protocol import CHECKOUT_VARIABLE

FILES_LIMIT = 3
"""How many files are named."""
_ENVIRONMENT_PARTS = {"site-packages", "dist-packages"}


def foreign_files(settings: Any) -> list[str]:
    """Return the files of modules that should be the revision's and are not, a few of them.

    The settings module and that of the URLs must be in the checkout, and no other module may come from the user's own
    files. It is empty for a project that is measured as it is, and where the URLs cannot be imported.
    """
    repository, _, worktree = os.environ.get(CHECKOUT_VARIABLE, "").partition(os.pathsep)
    if not worktree:
        return []
    required = [file for module in _required_modules(settings) if (file := _file(module))]
    files = [file for file in required if not _is_in(file, worktree)]
    for module in list(sys.modules.values()):
        file = _file(module)
        if _is_in(file, repository) and not _is_in(file, worktree) and not _is_in_environment(file):
            files.append(file)
    return list(dict.fromkeys(files))[:FILES_LIMIT]


def _required_modules(settings: Any) -> list[Any]:
    names = [os.environ.get("LOCUST_ASYNCDJANGO_SETTINGS") or os.environ.get("DJANGO_SETTINGS_MODULE", "")]
    urls = getattr(settings, "ROOT_URLCONF", "")
    if isinstance(urls, str) and urls:
        names.append(urls)
    return [module for name in names if (module := _import(name)) is not None]


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except Exception:  # noqa: BLE001 - requests and the report of the project show it
        return None


def _file(module: Any) -> str:
    """Return the path of a module's file; "" for one that has none, such as a namespace package."""
    file = getattr(module, "__file__", None)
    return str(Path(file).absolute()) if isinstance(file, str) else ""


def _is_in(file: str, folder: str) -> bool:
    if not file:
        return False
    return any(
        os.path.commonpath([path, above]) == above
        for path in (file, os.path.realpath(file))
        for above in (os.path.normpath(folder), os.path.realpath(folder))
    )


def _is_in_environment(file: str) -> bool:
    """Return whether a file is one of an installed package, or of Python itself."""
    return bool(_ENVIRONMENT_PARTS & set(Path(file).parts)) or _is_in(file, sys.prefix) or _is_in(file, sys.base_prefix)
