"""Where a project's parts are: manage.py, its settings module, fixtures. Start reading at ``find_layout``."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from locust_asyncdjango.lab.errors import UsageError

DEPTH = 3
"""How many folders deep manage.py is looked for."""
MOST_FIXTURES = 5
_SKIPPED = {"node_modules", "site-packages", "__pycache__"}
_DEFAULT_SETTINGS = re.compile(r"""DJANGO_SETTINGS_MODULE["']\s*(?:,|\]\s*=)\s*["']([\w.]+)["']""")


@dataclass(frozen=True, slots=True)
class Layout:
    """Where a project's parts are.

    root: the folder of manage.py, or the one that was named. has_manage: whether there is a manage.py.
    settings: its settings module. other_settings: of wsgi.py or asgi.py, where they name another; else "".
    fixtures: paths below the root.
    """

    root: Path
    has_manage: bool
    settings: str
    other_settings: str = ""
    fixtures: tuple[str, ...] = ()


def find_layout(folder: Path, settings: str = "") -> Layout:
    """Return where the parts of the project in a folder are. settings: its settings module; "" to look for it.

    Raise UsageError where there is no Django project, or several.
    """
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder; change into the folder of the project's manage.py")
    manage = _find_manage(folder)
    if manage is None and not settings:
        raise UsageError(
            f"there is no manage.py in {folder.absolute()}; change into the project's folder, or name its settings"
            " module with --settings, such as mysite.settings"
        )
    root = manage.parent if manage else folder
    found = settings or (_settings_in(manage) if manage else "")
    if not found:
        raise UsageError(f"{manage} names no settings module; name it with --settings, such as mysite.settings")
    return Layout(
        root=root,
        has_manage=manage is not None,
        settings=found,
        other_settings="" if settings else _other_settings(root, found),
        fixtures=tuple(_fixtures(root)),
    )


def project_folders(root: Path, depth: int) -> Iterator[Path]:
    """Yield a folder and those below it, the nearest first, without hidden ones and those of environments and tools."""
    level = [root]
    for _ in range(depth + 1):
        yield from level
        level = [below for folder in level for below in _folders_in(folder)]


def _folders_in(folder: Path) -> list[Path]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return []
    names = [each.name for each in entries if each.is_dir(follow_symlinks=False) and not each.name.startswith(".")]
    folders = [folder / name for name in names if name not in _SKIPPED]
    return [each for each in folders if not (each / "pyvenv.cfg").exists()]


def _find_manage(folder: Path) -> Path | None:
    for depth in range(DEPTH):
        found = [each / "manage.py" for each in project_folders(folder, depth) if (each / "manage.py").is_file()]
        if len(found) > 1:
            names = ", ".join(str(each.relative_to(folder)) for each in found)
            raise UsageError(f"there are several projects: {names}; change into the folder of one of them")
        if found:
            return found[0]
    return None


def _settings_in(file: Path) -> str:
    try:
        match = _DEFAULT_SETTINGS.search(file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    return match[1] if match else ""


def _other_settings(root: Path, settings: str) -> str:
    files = (each / name for each in project_folders(root, 1) for name in ("wsgi.py", "asgi.py"))
    named = (_settings_in(file) for file in files if file.is_file())
    return next((each for each in named if each and each != settings), "")


def _fixtures(root: Path) -> Iterator[str]:
    folders = (each / "fixtures" for each in project_folders(root, DEPTH) if (each / "fixtures").is_dir())
    files = (file for folder in folders for file in sorted(folder.iterdir()))
    data = [file for file in files if re.search(r"\.(?:json|jsonl|xml|ya?ml)(?:\.\w+)?$", file.name)]
    yield from (str(file.relative_to(root)) for file in data[:MOST_FIXTURES])
