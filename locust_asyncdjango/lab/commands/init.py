"""``locust-asyncdjango init``: look at a Django project and write the file that says what to measure of it."""

import shlex
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from locust_asyncdjango.lab.commands.arguments import Command
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.inspection.draft import Draft, draft_project, stand_ins
from locust_asyncdjango.lab.project.inspection.file_text import file_text, relative
from locust_asyncdjango.lab.project.inspection.layout import find_layout
from locust_asyncdjango.lab.project.inspection.pythons import current_python
from locust_asyncdjango.lab.project.probe_folder import link_probe
from locust_asyncdjango.lab.project.project_file import FILE_NAME
from locust_asyncdjango.metrics.plural import counted

DATABASE_NOTES = {
    "sqlite": "SQLite has no network, and each write locks the whole file: measure what production has, if another",
    "own": 'the lab cannot start this database: database = "own" measures with the server that the settings name. Let'
    " them name one for tests, on which the commands of prepare may write",
}
"""What the user has to decide about a kind of database."""


def add_arguments(parser: ArgumentParser) -> None:
    """Add the project's folder and what cannot be guessed."""
    parser.add_argument(
        "folder", nargs="?", type=Path, default=Path(), metavar="DIR", help="the project's folder (default: this one)"
    )
    parser.add_argument(
        "--settings", default="", metavar="MODULE", help="Django's settings module (default: manage.py's)"
    )
    parser.add_argument("--python", type=Path, metavar="FILE", help="the project's Python (default: its environment's)")
    parser.add_argument("--force", action="store_true", help=f"overwrite an {FILE_NAME} that exists")


def init_project(options: Namespace) -> int:
    """Write the file of a project, and print what was found. Return 0. Raise UsageError where there is no project."""
    file = options.folder / FILE_NAME
    if file.exists() and not options.force:
        raise UsageError(f"{file} exists already; edit it, or add --force to overwrite it")
    layout = find_layout(options.folder, options.settings)
    python = _python(options.python)
    with TemporaryDirectory(prefix="locust-asyncdjango-") as search_folder:
        link_probe(Path(search_folder))
        draft = draft_project(options.folder, layout, Path(search_folder), python)
    try:
        file.write_text(file_text(draft), encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}") from None
    print("\n".join(summary_lines(draft)))
    return 0


def _python(path: Path | None) -> Path | None:
    """Return the Python that was named, or that of the environment whose folder was. Raise UsageError for none."""
    if path is None:
        return None
    python = path / "bin" / "python" if path.is_dir() else path
    if not python.is_file():
        raise UsageError(f"--python {path}: there is no such program; name it as .venv/bin/python")
    return python.absolute()


def summary_lines(draft: Draft) -> Iterator[str]:
    """Yield in lines for the user what was found, what was not, and what to do next."""
    yield f"{draft.project.file} is written. Found:"
    yield from (f"  {line}" for line in _found(draft))
    missing = list(_missing(draft))
    if missing:
        yield "Not found, or for you to decide:"
        yield from (f"  {line}" for line in missing)
    folder = "" if draft.folder.resolve() == Path.cwd() else f"cd {shlex.quote(str(draft.folder))} && "
    yield f"Next: look through the file, then {folder}locust-asyncdjango check"


def _found(draft: Draft) -> Iterator[str]:
    project, report = draft.project, draft.report
    versions = report.versions if report else {}
    django = f"Django {versions['django']}" if "django" in versions else "Django"
    python = f"Python {versions['python']}" if "python" in versions else "Python"
    yield f"{django}, settings {project.settings}"
    yield f"{python} at {relative(project.python, draft.folder) or project.python}"
    yield from (
        f"{kind.upper()} application {name}" for kind, name in (("wsgi", project.wsgi), ("asgi", project.asgi)) if name
    )
    if draft.switch:
        yield f'{draft.switch} = "{project.env[draft.switch]}" makes the settings use {project.database}'
    variables = [name for name, value in project.env.items() if "{db." in value]
    if variables:
        yield f"the settings take their database from {', '.join(variables)}; the lab's is {project.database}"
    elif "DATABASES" in project.override:
        yield f"the settings name their database themselves; [project.override] puts the lab's {project.database} there"
    if of_shell := [name for name, value in project.env.items() if value == f"{{env.{name}}}"]:
        yield f"the settings demand {', '.join(of_shell)}, which the file takes from your shell, without their values"
    yield from _found_views(draft)
    if draft.candidates.login_path:
        yield f"a login at {draft.candidates.login_path}"
    if draft.layout.fixtures:
        yield f"fixtures: {', '.join(draft.layout.fixtures)}"


def _found_views(draft: Draft) -> Iterator[str]:
    views = draft.candidates.views
    if views:
        yield f"{counted(len(views), 'view')} without parameters: {', '.join(view.path for view in views)}"
    for view in views:
        if view.async_path:
            yield f"twins: {view.path} and {view.async_path}"


def _missing(draft: Draft) -> Iterator[str]:
    if draft.project.python == current_python():
        yield "no virtual environment of the project: this Python is the lab's own; name another one with --python"
    if draft.error:
        yield f"the project could not be started: {draft.error}"
    for name, error in (draft.report.errors if draft.report else {}).items():
        yield f"its {name} could not be read: {error}"
    for name in stand_ins(draft):
        yield f'{name}: the project does not start without it; it is "{draft.project.env[name]}" for now'
    if draft.layout.other_settings:
        yield f"wsgi.py or asgi.py names other settings, {draft.layout.other_settings}: choose in the file"
    if not draft.candidates.views:
        yield "no view without parameters: name the views in the file"
    if draft.candidates.examples or draft.candidates.left_out:
        yield "views that need a value, and more than a few, are not in the file or stand there as comments"
    yield from _server_notes(draft)
    yield from _database_notes(draft.project.database)


def _server_notes(draft: Draft) -> Iterator[str]:
    """Yield which servers cannot be measured yet, and the two ways to have them."""
    from locust_asyncdjango.lab.project.default_arms import lacking_packages

    lacking = lacking_packages(draft.report.packages) if draft.report else ()
    if lacking:
        python = relative(draft.project.python, draft.folder) or str(draft.project.python)
        pronoun = "it" if len(lacking) == 1 else "them"
        yield (
            f"servers: the project's environment has no {' and no '.join(lacking)}. Install {pronoun} there"
            f" ({shlex.quote(python)} -m pip install {' '.join(lacking)}), or add --install to check and run: the lab"
            f" then puts {pronoun} into a folder of its own"
        )


def _database_notes(kind: str) -> Iterator[str]:
    from locust_asyncdjango.lab.environment.mysql.installation import find_installation

    if kind in DATABASE_NOTES:
        yield DATABASE_NOTES[kind]
    if kind == "mysql":
        try:
            find_installation()
        except UsageError as error:
            yield str(error)


COMMAND = Command(
    name="init",
    summary="Look at a Django project of your own, and write asyncdjango.toml.",
    add_arguments=add_arguments,
    execute=init_project,
)
