"""``locust-asyncdjango startproject``: the bundled site and the example locustfiles as a project of the user's own.

The project is a copy of the installed ``target_site`` under another name, so that it has every variant of every route,
and its tests.
"""

import importlib.util
import keyword
import re
import shlex
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Iterator
from importlib.metadata import requires, version
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory

from locust_asyncdjango.lab.commands.arguments import Command
from locust_asyncdjango.lab.environment.packages import package_folder
from locust_asyncdjango.lab.errors import UsageError

DISTRIBUTION = "locust-asyncdjango"
SITE = "target_site"
README_TEMPLATE = "project_readme.md"
WEB_SERVERS = ("gunicorn", "uvicorn", "uvicorn-worker")
LONGEST_NAME = 40
"""PostgreSQL cuts names off at 63 bytes, and tables, keys and indexes are named after the site."""
PROJECT_DEFAULTS = {
    Path("config.py"): ('DEFAULT_MIDDLEWARE = "none"', 'DEFAULT_MIDDLEWARE = "default"'),
}
"""What a project has in place of a line of the bundled site, by file. The bundled site has no middleware by default, so
that a request costs what its view costs; a project has Django's, among them those for security."""
TAKEN = {
    **dict.fromkeys(("manage", "locustfiles"), "the project has something else of that name"),
    **dict.fromkeys(("auth", "contenttypes", "sessions", "messages"), "Django has an app of that name"),
}
"""Names that a site's package cannot have, and why."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the folder and the name of the project."""
    parser.add_argument(
        "folder", type=Path, metavar="DIR", help="the project's folder: a new or an empty one; missing folders are made"
    )
    parser.add_argument("--name", help="name of the site's package (default: the folder's name, with _ for -)")


def start_project(options: Namespace) -> int:
    """Write a project and print what to do next. Return 0. Raise UsageError where it cannot be written."""
    name = write_project(options.folder, options.name)
    print(next_steps(options.folder, name))
    return 0


def write_project(folder: Path, name: str | None = None) -> str:
    """Write a project to a new or an empty folder, and return the name of its package.

    name: of the package; by default the folder's, with _ for -.
    Raise UsageError where the name or the folder cannot be used; then nothing has been written.
    """
    target = folder.resolve()
    name = name or target.name.replace("-", "_")
    check_name(name, target)
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise UsageError(f"{folder} exists already and is not an empty folder; name a new one")
        write_files(project_files(name), target)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}; name another folder") from None
    return name


def check_name(name: str, target: Path) -> None:
    """Raise UsageError where a project in the target folder cannot have a package of this name."""
    # Tables are named after the package, and PostgreSQL reads names without quotes as lower case.
    if not re.fullmatch(rf"[a-z_][a-z0-9_]{{0,{LONGEST_NAME - 1}}}", name) or keyword.iskeyword(name):
        rule = f"at most {LONGEST_NAME} lower-case letters, digits and _, no digit first, and not a keyword of Python"
        raise UsageError(f"the site's package cannot be called {name!r}; choose a --name of {rule}")
    if name in TAKEN or _can_be_imported(name, target):
        reason = TAKEN.get(name, "a module of that name exists already")
        raise UsageError(f"the site's package cannot be called {name!r}: {reason}; choose another --name")


def project_files(name: str) -> Iterator[tuple[Path, str]]:
    """Yield the files of a project: each path below the project's folder, and its text."""
    template = files(__package__).joinpath(README_TEMPLATE).read_text(encoding="utf-8")
    yield Path("README.md"), template.format(name=name)
    yield Path("requirements.txt"), "".join(f"{line}\n" for line in requirements(requires(DISTRIBUTION) or ()))
    for path, text in _texts(package_folder(SITE)):
        renamed = text.replace(*PROJECT_DEFAULTS.get(path, ("", ""))).replace(SITE, name)
        if path == Path("__main__.py"):
            yield Path("manage.py"), renamed.replace(f"python -m {name}", "python manage.py")
        else:
            yield Path(name, *(name if part == SITE else part for part in path.parts)), renamed
    for path, text in _texts(package_folder("locust_asyncdjango.examples")):
        if path.suffix == ".py" and path.name != "__init__.py":
            yield "locustfiles" / path, text.replace("examples/", "locustfiles/")


def requirements(declared: Iterable[str]) -> list[str]:
    """Return the lines of a project's requirements.txt.

    declared: the requirements of our distribution (Requires-Dist). The project needs those of the extra ``target``, the
    web servers of the extra ``lab``, and the distribution itself.
    """
    lines = [f"{DISTRIBUTION}>={version(DISTRIBUTION)}"]
    for entry in declared:
        requirement, _, marker = (part.strip() for part in entry.partition(";"))
        extra = re.search(r"""(?:\s+and\s+|^)extra\s*==\s*["']([\w-]+)["']$""", marker)
        package = re.match(r"[\w.-]+", requirement)
        if extra and package and (extra[1] == "target" or (extra[1] == "lab" and package[0] in WEB_SERVERS)):
            others = marker[: extra.start()]
            lines.append(f"{requirement}; {others}" if others else requirement)
    return lines


def next_steps(folder: Path, name: str) -> str:
    """Return what was written, and the commands to go on with."""
    change_folder = [] if folder.resolve() == Path.cwd() else [f"cd {shlex.quote(str(folder))}"]
    commands = [
        *change_folder,
        "locust-asyncdjango services -- python manage.py test",
        f"locust-asyncdjango services -- gunicorn {name}.wsgi",
        "locust -f locustfiles/io_read.py --shape RampTo500 -H http://127.0.0.1:8000   # in another terminal",
    ]
    heading = f"{folder} has the site {name}, its tests and its locustfiles; see its README.md. Next:"
    return "\n  ".join((heading, *commands))


def write_files(content: Iterable[tuple[Path, str]], target: Path) -> None:
    """Write files below a folder, all of them or, where one fails, none."""
    exists = target.exists()
    target.parent.mkdir(parents=True, exist_ok=True)
    # An existing folder is kept: it may be a shell's current folder, or the root of another file system.
    with TemporaryDirectory(prefix=".startproject-", dir=target if exists else target.parent) as scratch:
        project = Path(scratch) / "project"
        for path, text in content:
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text, encoding="utf-8")
        for written in list(project.iterdir()) if exists else []:
            written.rename(target / written.name)
        if not exists:
            project.rename(target)


def _texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files of a package: each path below its folder, and its text."""
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder)
        if path.is_file() and not any(part == "__pycache__" or part.startswith(".") for part in below.parts):
            yield below, path.read_text(encoding="utf-8")


def _can_be_imported(name: str, target: Path) -> bool:
    if name in sys.modules:
        return True
    spec = importlib.util.find_spec(name)
    if spec is None:
        return False
    # With the current folder on the path, the target itself, still empty, counts as a package.
    return spec.origin is not None or any(Path(place) != target for place in spec.submodule_search_locations or ())


COMMAND = Command(
    name="startproject",
    summary="Write the bundled site and the locustfiles as a project of your own.",
    add_arguments=add_arguments,
    execute=start_project,
)
