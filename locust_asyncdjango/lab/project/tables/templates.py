"""Placeholders in texts of ``asyncdjango.toml``, such as {db.host}, and what they are filled with.

Only the placeholders are written to a results folder. What they stand for may be secret, and is read anew each time.
"""

import os
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from string import Formatter
from typing import Any

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.tables.keys import NAME, VARIABLE, any_text

SERVICE_PLACEHOLDERS = (
    *(f"db.{member}" for member in ("url", "host", "port", "name", "user", "password")),
    *(f"redis.{member}" for member in ("url", "host", "port")),
    *(f"smtp.{member}" for member in ("host", "port")),
)
"""The placeholders of the lab's services. {db.name} of SQLite is the path of its file, and the others are empty."""
OTHER_PLACEHOLDERS = ("env.NAME", "folder.NAME", "process.NAME.port", "process.NAME.url")
"""The placeholders of which a user chooses a part.

env.NAME: a variable of the environment in which the lab is started. folder.NAME: a folder outside the project, whose
files are prepared and copied together with the database.
"""
_ENV = re.compile(r"\{env\.([A-Za-z_]\w*)\}", re.ASCII)
_PROCESS_MEMBERS = ("port", "url")


def placeholders(text: str) -> tuple[str, ...]:
    """Return the placeholders in a text, without braces. Raise UsageError for one that there is not."""
    names = tuple(_fields(text))
    for name in names:
        _check_known(name)
    return names


def template(value: object) -> str:
    """Return a text in which there may be placeholders. Raise UsageError for an unknown one."""
    text = any_text(value)
    placeholders(text)
    return text


def templates(value: object, read: Callable[[object], Mapping[str, str]]) -> dict[str, str]:
    """Return a table of texts in which there may be placeholders. read: reads the table. Raise UsageError."""
    table = dict(read(value))
    for name, text in table.items():
        try:
            placeholders(text)
        except UsageError as error:
            raise UsageError(f"{name} {error}") from None
    return table


def check_processes(where: str, texts: Collection[str], processes: Collection[str]) -> None:
    """Raise UsageError where a text has a placeholder of a process that there is not. where: for the message."""
    for name in (name for text in texts for name in placeholders(text) if name.startswith("process.")):
        process = name.split(".", 1)[1].rpartition(".")[0]
        if process not in processes:
            known = f"; choose from {', '.join(processes)}" if processes else ", as the file has no [[process]]"
            raise UsageError(f"{where}: {{{name}}} names no process{known}")


def fill(text: str, values: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> str:
    """Return a text with its placeholders filled in.

    values: by placeholder, without braces; those of env.NAME come from ``environ``.
    Raise UsageError where there is no value for one.
    """
    parts = []
    for literal, name, _spec, _conversion in Formatter().parse(text):
        parts.append(literal)
        if name is not None:
            parts.append(_variable(name[4:], environ) if name.startswith("env.") else _service_value(name, values))
    return "".join(parts)


def fill_value(value: Any, values: Mapping[str, str], environ: Mapping[str, str] = os.environ) -> Any:
    """Return a value of TOML with the placeholders in all its texts filled in. Raise UsageError as ``fill`` does."""
    if isinstance(value, str):
        return fill(value, values, environ)
    if isinstance(value, Mapping):
        return {key: fill_value(each, values, environ) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [fill_value(each, values, environ) for each in value]
    return value


def fill_variables(value: Any, environ: Mapping[str, str] = os.environ) -> Any:
    """Return a value of TOML with {env.NAME} in its texts filled in; all other braces stay, as in JSON and GraphQL.

    Raise UsageError for a variable that is not set.
    """
    if isinstance(value, str):
        return _ENV.sub(lambda match: _variable(match[1], environ), value)
    if isinstance(value, Mapping):
        return {key: fill_variables(each, environ) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(fill_variables(each, environ) for each in value)
    return value


def all_texts(value: Any) -> Iterator[str]:
    """Yield all texts in a value of TOML."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from all_texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from all_texts(each)


def _fields(text: str) -> Iterator[str]:
    try:
        for _literal, name, spec, conversion in Formatter().parse(text):
            if name is not None:
                yield f"{name}!{conversion}" if conversion else f"{name}:{spec}" if spec else name
    except ValueError:
        raise UsageError("has a brace without its other half; write {{ or }} for a brace of the text") from None


def _check_known(name: str) -> None:
    kind, _, rest = name.partition(".")
    process, _, member = rest.rpartition(".")
    is_known = (
        name in SERVICE_PLACEHOLDERS
        or (kind == "env" and VARIABLE.fullmatch(rest))
        or (kind == "folder" and NAME.fullmatch(rest))
        or (kind == "process" and NAME.fullmatch(process) and member in _PROCESS_MEMBERS)
    )
    if not is_known:
        known = ", ".join(f"{{{each}}}" for each in (*SERVICE_PLACEHOLDERS, *OTHER_PLACEHOLDERS))
        raise UsageError(f"has {{{name}}}, which is none of {known}; write {{{{ and }}}} for braces of the text")


def _variable(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise UsageError(f"{{env.{name}}} needs the environment variable {name}, which is not set; export it first")
    return environ[name]


def _service_value(name: str, values: Mapping[str, str]) -> str:
    if name not in values:
        raise UsageError(f"there is no value for {{{name}}}: the project's database or services do not have one")
    return values[name]
