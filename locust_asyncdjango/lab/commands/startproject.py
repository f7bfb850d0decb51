"""``startproject``: the target site and the example locustfiles as a project of the user's own."""

import importlib.util
import keyword
import re
import shlex
import sys
from argparse import Namespace
from collections.abc import Iterable, Iterator
from importlib.metadata import requires, version
from pathlib import Path
from tempfile import TemporaryDirectory

from locust_asyncdjango.lab.environment.packages import package_folder
from locust_asyncdjango.lab.errors import UsageError

DISTRIBUTION = "locust-asyncdjango"
SITE = "target_site"
WEB_SERVERS = ("gunicorn", "uvicorn", "uvicorn-worker")
LONGEST_NAME = 40
"""PostgreSQL cuts names off at 63 bytes, and tables, keys and indexes are named after the site."""
TAKEN = {
    **dict.fromkeys(("manage", "locustfiles"), "the project has something else of that name"),
    **dict.fromkeys(("auth", "contenttypes", "sessions", "messages"), "Django has an app of that name"),
}

README = """\
# {name}

A Django site with every view in sync and async variants, and locustfiles that load it. Run all commands in this folder.

## Install

```sh
python3 -m venv .venv
. .venv/bin/activate
pip install -r requirements.txt
```

## Get a database

For as long as it runs, and without root or Docker, this starts PostgreSQL, Redis and the slow API, prints the variables
that name them, and fills the site's table with 1000 posts:

```sh
pip install 'locust-asyncdjango[lab]'
locust-asyncdjango services
```

With a command behind it, as in `locust-asyncdjango services -- gunicorn {name}.wsgi`, it starts them for that command
alone. Or name your own, which are then used everywhere; the slow API comes with the site
(`uvicorn {name}.slow_api:application --port 5000`):

```sh
export DATABASE_URL=postgresql://user:password@127.0.0.1:5432/{name}
export REDIS_URL=redis://127.0.0.1:6379/0
export SLOW_API_URL=http://127.0.0.1:5000
```

## Seed

```sh
python manage.py seed_posts --posts 100000
```

## Serve

```sh
gunicorn {name}.wsgi                                                  # WSGI
uvicorn {name}.asgi:application                                       # ASGI
gunicorn -k uvicorn_worker.UvicornWorker {name}.asgi:application      # ASGI, with gunicorn's process management
```

`http://127.0.0.1:8000/` shows every route and variant; `{name}/settings.py` names the variables that change the site.

## Load

```sh
locust -f locustfiles/io_read.py --shape RampTo500 --headless -H http://127.0.0.1:8000
```

## Test

The tests make a database of their own beside that of `DATABASE_URL`, whose user must be allowed to:

```sh
python manage.py test
```
"""


def write_project(folder: Path, name: str | None = None) -> str:
    """Writes a project to a folder that is not there or is empty, and returns the name of its package.

    The name is the folder's if none is given. Raises UsageError, and then has written nothing.
    """
    target = folder.resolve()
    name = name or target.name.replace("-", "_")
    check_name(name, target)
    try:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise UsageError(f"{folder} is there already and not an empty folder; name a new one")
        put(project_files(name), target)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}; name another folder") from None
    return name


def check_name(name: str, target: Path) -> None:
    """Raises UsageError where a project in a target folder cannot have a package of this name."""
    # Tables are named after the package, and PostgreSQL takes names without quotes for lower case.
    if not re.fullmatch(rf"[a-z_][a-z0-9_]{{0,{LONGEST_NAME - 1}}}", name) or keyword.iskeyword(name):
        rule = f"at most {LONGEST_NAME} small letters, digits and _, no digit first, and no word of Python's"
        raise UsageError(f"the site's package cannot be called {name!r}; choose a --name of {rule}")
    if name in TAKEN or _can_be_imported(name, target):
        reason = TAKEN.get(name, "a module of that name is there already")
        raise UsageError(f"the site's package cannot be called {name!r}: {reason}; choose another --name")


def project_files(name: str) -> Iterator[tuple[Path, str]]:
    """The files of a project, paths below its folder, and their texts."""
    yield Path("README.md"), README.format(name=name)
    yield Path("requirements.txt"), "".join(f"{line}\n" for line in requirements(requires(DISTRIBUTION) or ()))
    for path, text in _texts(package_folder(SITE)):
        renamed = text.replace(SITE, name)
        if path == Path("__main__.py"):
            yield Path("manage.py"), renamed.replace(f"python -m {name}", "python manage.py")
        else:
            yield Path(name, *(name if part == SITE else part for part in path.parts)), renamed
    for path, text in _texts(package_folder("locust_asyncdjango.examples")):
        if path.suffix == ".py" and path.name != "__init__.py":
            yield "locustfiles" / path, text.replace("examples/", "locustfiles/")


def requirements(declared: Iterable[str]) -> list[str]:
    """What of a distribution's declared requirements (Requires-Dist) a project needs, and the distribution itself."""
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
    """What was written, and what to do with it."""
    there = [] if folder.resolve() == Path.cwd() else [f"cd {shlex.quote(str(folder))}"]
    commands = [
        *there,
        "locust-asyncdjango services -- python manage.py test",
        f"locust-asyncdjango services -- gunicorn {name}.wsgi",
        "locust -f locustfiles/io_read.py --shape RampTo500 -H http://127.0.0.1:8000   # in another terminal",
    ]
    return "\n  ".join(
        (f"{folder} has the site {name}, its tests and its locustfiles; README.md tells more. Next:", *commands)
    )


def seeding(folder: Path, posts: int) -> list[str] | None:
    """The command that seeds a project's own table; None where the folder holds no project with such a command."""
    if (folder / "manage.py").is_file() and any(folder.glob("*/management/commands/seed_posts.py")):
        return [sys.executable, "manage.py", "seed_posts", f"--posts={posts}"]
    return None


def put(files: Iterable[tuple[Path, str]], target: Path) -> None:
    """Writes files to a scratch folder first, so that the target is as it was should one of them fail."""
    there = target.exists()
    # An existing folder is kept, for someone may stand in it, or it may be another file system than the one around it.
    with TemporaryDirectory(prefix=".startproject-", dir=target if there else target.parent) as scratch:
        project = Path(scratch) / "project"
        for path, text in files:
            (project / path).parent.mkdir(parents=True, exist_ok=True)
            (project / path).write_text(text, encoding="utf-8")
        for made in list(project.iterdir()) if there else []:
            made.rename(target / made.name)
        if not there:
            project.rename(target)


def _texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files of a package, paths below its folder, and their texts."""
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


def start_project(options: Namespace) -> int:
    """Writes a project and says what to do with it."""
    name = write_project(options.folder, options.name)
    print(next_steps(options.folder, name))
    return 0
