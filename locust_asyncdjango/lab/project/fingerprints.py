"""What a project's file says of what is measured, as hashes: a run that goes on compares them.

Only templates are hashed, in which secrets are hidden. Start reading at ``fingerprints``.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from locust_asyncdjango.failures.normalize import safe_value
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.routes import Login, View

LENGTH = 12
"""Characters of a hash."""


def fingerprints(project: Project) -> tuple[tuple[str, str], ...]:
    """Return a hash of each part of a project that changes what is measured, with what a message calls it."""
    parts = {
        "[project]": {
            **{name: getattr(project, name) for name in ("settings", "wsgi", "asgi", "prepare", "database")},
            **{name: str(getattr(project, name)) for name in ("root", "python", "database_url", "own_cache")},
        },
        "[project.env]": dict(project.env),
        "[project.override]": dict(project.override),
        "[project.static]": project.collect_static,
        **{f"[[view]] {view.name!r}": _with_named_values(view) for view in project.views},
        **{f"[login.{name}]": _with_named_values(login) for name, login in project.logins.items()},
        **{f"[[process]] {process.name!r}": asdict(process) for process in project.processes},
        **{f"the setup of [[arm]] {arm.name!r}": arm.setup for arm in project.arms if arm.setup},
    }
    if project.locustfile:
        parts["the locustfile"] = project.locustfile.read_text(encoding="utf-8", errors="surrogateescape")
    return tuple((name, _hash(part)) for name, part in parts.items())


def changed_parts(before: Iterable[tuple[str, str]], now: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Return what messages call the parts that differ, are new, or are gone."""
    first, second = dict(before), dict(now)
    return tuple(name for name in {**first, **second} if first.get(name) != second.get(name))


def _with_named_values(request: View | Login) -> dict[str, Any]:
    """Return the members of a request, in which the name of each header and field stands by its value."""
    members = asdict(request)
    members["headers"] = [f"{name}: {value}" for name, value in request.headers]
    members["form"] = [{name: value} for name, value in request.form]
    return members


def _hash(part: Any) -> str:
    content = json.dumps(safe_value(part), sort_keys=True, default=str)
    return hashlib.sha256(content.encode(errors="surrogateescape")).hexdigest()[:LENGTH]
