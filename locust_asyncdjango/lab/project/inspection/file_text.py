"""The text of the file that ``init`` writes, with comments for a newcomer. Start reading at ``file_text``."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from locust_asyncdjango.lab.project.inspection.connection_options import NO_OPTION_FILE
from locust_asyncdjango.lab.project.inspection.draft import Draft, stand_ins
from locust_asyncdjango.lab.project.proof import inline_table

_REASONS = {
    "DEBUG": "As in production; with DEBUG, Django keeps every query in memory.",
    "ALLOWED_HOSTS": "The lab asks the server at 127.0.0.1.",
    "SECURE_SSL_REDIRECT": "The lab asks over http; without this, each answer would be a redirect to https.",
    "CACHES": "The settings name their cache themselves, so the lab's Redis takes its place.",
    **dict.fromkeys(("EMAIL_HOST", "MAILERS"), "E-mail goes to a server of the lab that throws it away."),
}


def file_text(draft: Draft) -> str:
    """Return the text of asyncdjango.toml for a project."""
    described = (_project(draft), _env(draft), _override(draft), _static(draft), _views(draft), _login(draft))
    blocks = (_heading(), *described, _arms(), _experiment(draft))
    return "\n".join("\n".join(block) + "\n" for block in map(list, blocks) if block)


def _heading() -> Iterator[str]:
    yield "# What locust-asyncdjango measures of this project, and how. All paths begin at this file's folder."
    yield "# docs/own-project.md of locust-asyncdjango explains every key."


def _project(draft: Draft) -> Iterator[str]:
    project, layout = draft.project, draft.layout
    yield "[project]"
    if root := relative(layout.root, draft.folder):
        yield f"root = {_quoted(root)}"
    yield "# The Python that has the project's packages. Nothing is installed there."
    yield f"python = {_quoted(relative(project.python, draft.folder) or str(project.python))}"
    yield f"settings = {_quoted(project.settings)}"
    if layout.other_settings:
        yield f"# wsgi.py or asgi.py names {layout.other_settings}; take those if they start on this machine."
    for key, value in (("wsgi", project.wsgi), ("asgi", project.asgi)):
        if value:
            yield f"{key} = {_quoted(value)}"
    yield '# Each trial gets: "postgresql", "mysql" (MariaDB too), "sqlite" (a copied file), or "own" (your server).'
    yield f"database = {_quoted(project.database)}"
    yield "# Commands that fill the database. They run once; what they made is copied for each trial."
    yield from _prepare(draft)


def _prepare(draft: Draft) -> Iterator[str]:
    yield "prepare = ["
    for command in draft.project.prepare:
        yield f"    {_quoted(command)},"
    for fixture in draft.layout.fixtures:
        yield f"    # {_quoted(f'python manage.py loaddata {fixture}')},"
    if not draft.layout.fixtures:
        yield '    # "python manage.py loaddata ...", or a script that makes as many rows as production has'
    yield "]"


def _env(draft: Draft) -> Iterator[str]:
    yield "[project.env]"
    yield "# Environment variables of the project. {db.url}, {db.host}, {redis.url} and others stand for the lab's"
    yield '# services, and "{env.NAME}" for a variable of your shell: write secrets so, and not into this file.'
    for name, value in draft.project.env.items():
        remark = f"the settings use {draft.project.database} with it" if name == draft.switch else ""
        remark = "the project does not start without it" if name in stand_ins(draft) else remark
        yield f"{name} = {_quoted(value)}" + (f"  # {remark}" if remark else "")
    others = [name for name in draft.examples if name not in draft.project.env]
    if others:
        yield f"# The project's example files also have: {', '.join(others)}"


def _override(draft: Draft) -> Iterator[str]:
    if not draft.project.override:
        return
    yield "[project.override]"
    yield "# Django settings that take the place of the project's own while it is measured. None of its files changes."
    for name, value in draft.project.override.items():
        reasons = _database_reasons(value) if name == "DATABASES" else filter(None, [_REASONS.get(name)])
        yield from (f"# {reason}" for reason in reasons)
        if isinstance(value, Mapping):
            yield from (f"{name}.{_key(alias)} = {inline_table(each)}" for alias, each in value.items())
        else:
            yield f"{name} = {json.dumps(value)}"


def _database_reasons(databases: Mapping[str, Mapping[str, object]]) -> Iterator[str]:
    if any("NAME" in each for each in databases.values()):
        yield "The settings name their database themselves, so the lab's takes its place."
    options = [name for each in databases.values() for name in cast("Mapping[str, object]", each.get("OPTIONS", {}))]
    if any(name in NO_OPTION_FILE for name in options):
        yield "The file of the driver's options may lead to another server."
    if any(name not in NO_OPTION_FILE for name in options):
        yield "The lab's database has no certificate, so its connections are measured without TLS."


def _static(draft: Draft) -> Iterator[str]:
    if draft.project.collect_static:
        yield "[project.static]"
        yield "# The settings name static files by a manifest, so collectstatic runs once, into a folder of the lab."
        yield "collect = true"


def _views(draft: Draft) -> Iterator[str]:
    found = draft.candidates
    yield "# The views that are measured: delete those that you do not care about. `check` asks each of them once."
    for view in found.views:
        yield ""
        yield "[[view]]"
        yield f"name = {_quoted(view.name)}"
        yield f"path = {_quoted(view.path)}"
        if view.async_path:
            yield f"async_path = {_quoted(view.async_path)}  # its async twin"
    if not found.views:
        yield ""
        yield "[[view]]"
        yield 'name = "home"'
        yield 'path = "/"'
    if found.examples:
        yield ""
        yield "# These need a value, such as the id of a row that the prepare commands make:"
        for route in found.examples:
            yield f"# [[view]]  path = {_quoted(route)}"


def _login(draft: Draft) -> Iterator[str]:
    path = draft.candidates.login_path
    if not path:
        return
    yield '# A user who has logged in. Add login = "user" to the views that need it.'
    yield "# [login.user]"
    yield f"# path = {_quoted(path)}"
    yield '# form = { username = "ada", password = "{env.LAB_PASSWORD}" }'


def _arms() -> Iterator[str]:
    yield "# What is compared. Without [[arm]] tables: sync workers, threads, gevent and ASGI, with as many slots each."
    yield "# [[arm]]"
    yield '# server = "gunicorn-sync"'
    yield "# workers = 4"


def _experiment(draft: Draft) -> Iterator[str]:
    yield "# Options of `run`, such as the latency between the project and its database."
    yield "[experiment]"
    yield "latency_ms = 1" if draft.project.database in ("postgresql", "mysql") else "# latency_ms = 1"


def relative(path: Path, folder: Path) -> str:
    """Return a path below a folder, relative to it; "" for the folder itself, and for a path elsewhere."""
    relative_path = os.path.relpath(path, folder)
    return "" if relative_path == "." or relative_path.startswith("..") else relative_path


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else _quoted(name)


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
