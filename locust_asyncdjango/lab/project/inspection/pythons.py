"""The Python of a project: its virtual environment, or the one that runs the lab. Start reading at ``environments``."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

FOLDERS = (".venv", "venv", "env", ".env", "virtualenv")
"""What people and tools call the folder of a virtual environment. uv makes .venv, and so may Poetry and PDM."""
TOOLS = {
    "poetry": ("poetry.lock", ("poetry", "env", "info", "--path")),
    "pdm": ("pdm.lock", ("pdm", "info", "--env")),
    "pipenv": ("Pipfile", ("pipenv", "--venv")),
}
"""Tool -> a file that its projects have, and the command that prints the folder of the project's environment."""
TOOL_DEADLINE_S = 20


def environments(folder: Path, environ: Mapping[str, str] = os.environ) -> Iterator[Path]:
    """Yield the Pythons of the virtual environments that a project seems to have, the most likely one first.

    They are those in its folder, those that Poetry, PDM and Pipenv keep elsewhere, and the activated one. The paths are
    absolute.
    """
    folder = folder.absolute()
    for parent in (folder, folder.parent):
        for name in FOLDERS:
            yield from _python_in(parent / name)
        yield from _pdm_python(parent)
        for lock, command in TOOLS.values():
            if (parent / lock).exists():
                yield from _python_in(_tool_folder(command, parent))
        if (parent / ".git").exists():  # the folder above is another project's
            break
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        if environ.get(variable):
            yield from _python_in(Path(environ[variable]))


def current_python() -> Path | None:
    """Return the Python that runs the lab, if it has Django; else None."""
    return Path(sys.executable) if importlib.util.find_spec("django") is not None else None


def has_django(python: Path) -> bool:
    """Return whether a Python can import Django."""
    argv = [str(python), "-c", "import django"]
    with suppress(OSError, subprocess.TimeoutExpired):
        return subprocess.run(argv, cwd="/", capture_output=True, timeout=TOOL_DEADLINE_S, check=False).returncode == 0
    return False


def _python_in(folder: Path | None) -> Iterator[Path]:
    # Not resolved: it is a link, and a virtual environment is recognized by the link's place.
    if folder is not None and (python := folder / "bin" / "python").exists():
        yield python


def _pdm_python(folder: Path) -> Iterator[Path]:
    with suppress(OSError, UnicodeDecodeError):
        python = Path((folder / ".pdm-python").read_text(encoding="utf-8").strip())
        if python.is_absolute() and python.exists():
            yield python


def _tool_folder(command: tuple[str, ...], cwd: Path) -> Path | None:
    """Return the folder that a tool names, or None where the tool is missing or knows no environment."""
    with suppress(OSError, subprocess.TimeoutExpired):
        result = subprocess.run(
            command,
            cwd=cwd,
            capture_output=True,
            text=True,
            timeout=TOOL_DEADLINE_S,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        lines = result.stdout.strip().splitlines()
        if result.returncode == 0 and lines:
            return Path(lines[-1])
    return None
