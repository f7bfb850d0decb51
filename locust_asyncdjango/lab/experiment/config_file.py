"""Experiment files (TOML) and presets: the options of ``run``, and servers of the user's own.

``merge`` puts file, preset and command line together, and ``build_experiment`` makes an ``Experiment`` of the values.
``to_toml`` writes the file that runs an experiment again.
"""

import json
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from locust_asyncdjango.failures.normalize import HIDDEN
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.options import Option, declared_options
from locust_asyncdjango.lab.experiment.own_servers import own_server_table, read_own_server
from locust_asyncdjango.lab.experiment.spec import COMPARED, CONDITIONS, LOAD, REPEATS, Experiment, Load

PRESETS: Mapping[str, Mapping[str, str]] = {
    "quick": {"shape": "RampTo500", "users": "500", "spawn_rate": "50", "run_time": "28s"},
}
"""Loads by name. A preset overrides the file, and the command line overrides the preset."""


def parse_preset(text: str) -> str:
    """Return the name of a preset. Raise UsageError where there is none of that name."""
    if text not in PRESETS:
        raise UsageError(f"there is no preset {text!r}; choose from {', '.join(PRESETS)}")
    return text


def _describe_preset(name: str) -> str:
    load = PRESETS[name]
    users = f"{load['users']} users, {load['spawn_rate']} more each second"
    return f"{name} is {load['shape']} to {users}, for {load['run_time']}"


_EXPERIMENT_OPTIONS = tuple(declared_options(Experiment))
_LOAD_OPTIONS = tuple(declared_options(Load))
_OTHER_OPTIONS = (
    Option(
        parse_preset,
        "; ".join(("a load by name, in place of the file's", *map(_describe_preset, PRESETS))),
        "",
        name="preset",
        group=LOAD,
        metavar="NAME",
    ),
    Option(Path, "the results folder", "", name="output", metavar="DIR", default_text="results/<date and time>"),
)

OPTIONS: Mapping[str, Option] = {
    each.name: each
    for group in (COMPARED, LOAD, CONDITIONS, REPEATS, "options")
    for each in (*_EXPERIMENT_OPTIONS, *_LOAD_OPTIONS, *_OTHER_OPTIONS)
    if each.group == group
}
"""All options of ``run`` that a file may have, by key, in the order of --help."""


@dataclass(frozen=True, slots=True)
class ExperimentFile:
    """The content of a file: values of options by key, and servers in addition to the table's."""

    values: Mapping[str, Any] = field(default_factory=dict)
    own_servers: tuple[Server, ...] = ()


def read_experiment(path: Path) -> ExperimentFile:
    """Read a TOML file with keys for options of ``run``, and a table [server.NAME] for each server of the user's own.

    Raise UsageError where it cannot be read, or contains anything else.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}; name an experiment file") from None
    except RecursionError:
        raise UsageError(f"{path} is not an experiment file: it is nested too deeply") from None
    except ValueError as error:  # not UTF-8, or not TOML
        raise UsageError(f"{path} is not TOML: {error}") from None
    tables = content.pop("server", {})
    if not isinstance(tables, dict):
        raise UsageError(f"{path}: servers of your own are tables: [server.NAME]")
    values = read_values(str(path), content)
    own_servers = (read_own_server(f"{path}: [server.{name}]", name, table) for name, table in tables.items())
    return ExperimentFile(values, tuple(own_servers))


def read_values(where: str, table: Mapping[str, object], unfit: Collection[str] = ()) -> dict[str, Any]:
    """Return the values of options by key, of a file or of the table [experiment] of a project's file.

    where: file and table, as messages name them. unfit: options that the table cannot have.
    Raise UsageError for any other key, and for a value that its option does not accept.
    """
    return {key: _value(where, key, value, unfit) for key, value in table.items()}


def merge(file: ExperimentFile, command_line: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of options by key: the command line's over the preset's over the file's.

    What the command line compares takes the place of what the file compares: its ``arms``, or any of ``servers``,
    ``variants`` and ``max_connections``.
    """
    replaced = _replaced_by(command_line)
    from_file = {key: value for key, value in file.values.items() if key not in replaced}
    preset = {**from_file, **command_line}.get("preset", "")
    return {**from_file, **PRESETS.get(preset, {}), **command_line}


def build_experiment(values: Mapping[str, Any], **fields: Any) -> Experiment:
    """Return an experiment with these values of options. fields: its fields that are not options. Raise UsageError."""
    load = Load(**_fields(_LOAD_OPTIONS, values))
    return Experiment(**{**_fields(_EXPERIMENT_OPTIONS, values), "load": load, **fields})


def to_toml(experiment: Experiment) -> str:
    """Return the text of a file that runs an experiment again; comments name the site's environment variables.

    Of a user's own project it is the table [experiment] of the project's file, which has all else.
    """
    lines = [f"# {name}={_toml(value)}" for name, value in experiment.factors]
    left_out = ["max_connections"] if experiment.arms else []
    if experiment.project:
        lines, left_out = ["[experiment]"], [*left_out, "posts", "arms", "workers"]
    if experiment.ramp_users:  # another pilot will choose them
        lines += [f"# the ramp of {subject}: {users} users" for subject, users in experiment.ramp_users]
        left_out += ["shape", "users", "spawn_rate"]
    for option in OPTIONS.values():
        if option in _OTHER_OPTIONS or option.name in left_out:
            continue
        value = getattr(experiment.load if option in _LOAD_OPTIONS else experiment, option.field)
        if value not in ("", ()):
            lines.append(f"{option.name} = {_toml(value)}")
    for server in experiment.own_servers:
        lines += ["", f"[server.{_toml(server.name)}]"]
        lines += [f"{key} = {_toml(value)}" for key, value in own_server_table(server).items()]
    text = "\n".join(lines)
    return f"# {HIDDEN} stands for what is secret: fill it in.\n{text}" if HIDDEN in text else text


def _value(where: str, key: str, value: object, unfit: Collection[str]) -> Any:
    if key not in OPTIONS or key in unfit:
        known = ", ".join(name for name in OPTIONS if name not in unfit)
        raise UsageError(f"{where}: there is no key {key!r}; choose from {known}")
    try:
        return OPTIONS[key].from_toml(value)
    except UsageError as error:
        raise UsageError(f"{where}: {error}") from None


def _replaced_by(command_line: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the keys of a file that the command line replaces by naming what is compared."""
    alternatives = ("servers", "variants", "max_connections")
    if command_line.get("arms"):
        return alternatives
    changed = (command_line.get(key, OPTIONS[key].default) != OPTIONS[key].default for key in alternatives)
    return ("arms",) if any(changed) else ()


def _fields(options: tuple[Option, ...], values: Mapping[str, Any]) -> dict[str, Any]:
    return {option.field: values[option.name] for option in options if option.name in values}


def _toml(value: Any) -> str:
    """Return a value as TOML. JSON's strings, numbers, booleans and lists are TOML too, except for one character."""
    if isinstance(value, tuple):
        value = [item if isinstance(item, int) else str(item) for item in value]
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
