"""Print what a Django project is, as one JSON object. The lab runs it with the project's Python, in its folder.

    python .../asyncdjango_probe/ask.py        (or: python -m asyncdjango_probe.ask)

The environment names the settings (DJANGO_SETTINGS_MODULE). It starts Django, imports the URL patterns, and connects to
nothing. Whatever the project prints meanwhile goes to the standard error. Where Django does not start, the object has
the member ``error``, and the exit code is 1.
"""

import importlib.util
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any, TextIO

PACKAGE = "asyncdjango_probe"


def load_own_package() -> None:
    """Make relative imports work where this file runs as a program: the folder of this file is the package.

    That folder leaves the path, and the working directory comes first, as with ``python -m``.
    """
    own, folder = Path(__file__).resolve().parent, str(Path.cwd())
    sys.path[:] = [folder, *(each for each in sys.path if each and Path(each).resolve() != own and each != folder)]
    spec = importlib.util.spec_from_file_location(PACKAGE, own / "__init__.py", submodule_search_locations=[str(own)])
    assert spec is not None  # noqa: S101 - a file of this package
    assert spec.loader is not None  # noqa: S101
    module = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = module
    spec.loader.exec_module(module)


if not __package__:
    load_own_package()
    __package__ = PACKAGE

from .project.report import describe_error, describe_project  # noqa: E402


def main() -> int:
    """Print the project's description. Return the exit code."""
    output = _separate_output()
    try:
        description: dict[str, Any] = describe_project()
    except BaseException as error:  # noqa: BLE001 - settings may raise anything, SystemExit too
        traceback.print_exc()
        description = describe_error(error)
    with output:
        json.dump(description, output)
        output.write("\n")
    return 1 if "error" in description else 0


def _separate_output() -> TextIO:
    """Return the standard output, and lead to the standard error whatever else is written to it from now on."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return output


if __name__ == "__main__":
    sys.exit(main())
