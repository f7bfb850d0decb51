"""Read tables of ``asyncdjango.toml`` by lists of their keys. Start reading at ``read_table``."""

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from locust_asyncdjango.lab.errors import UsageError

REQUIRED = object()
"""The default of a key that a table must have."""
NAME = re.compile(r"[A-Za-z0-9_][\w.-]{0,59}", re.ASCII)
"""What views, arms, logins and processes may be called: their names become parts of file names."""
VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)
"""The name of an environment variable."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_SHELL = {"|", "||", "&", "&&", ";", "<", ">", ">>", "2>", "2>&1"}


@dataclass(frozen=True, slots=True)
class Key:
    """A key that a table may have.

    read: returns the value that is meant, or raises UsageError with what is allowed, such as "must be a text".
    default: the value where the key is missing; REQUIRED where it must not be missing.
    """

    read: Callable[[Any], Any]
    default: Any = REQUIRED


def read_table(where: str, value: object, keys: Mapping[str, Key]) -> dict[str, Any]:
    """Return the values of a table by key, defaults included.

    where: file and table, as messages name them, such as "asyncdjango.toml: [project]".
    Raise UsageError that names the key and what is allowed.
    """
    table = as_table(where, value)
    for key in table:
        if key not in keys:
            raise UsageError(f"{where}: there is no key {key!r}; {_choice(key, keys)}")
    return {name: _value(where, name, key, table) for name, key in keys.items()}


def as_table(where: str, value: object) -> Mapping[str, Any]:
    """Return a value that is a table. Raise UsageError for any other."""
    if not isinstance(value, dict):
        raise UsageError(f"{where} must be a table, with a key = value on each line")
    return value


def as_tables(where: str, value: object) -> list[Mapping[str, Any]]:
    """Return a value that is a list of tables. where: names it with double brackets. Raise UsageError for any other."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise UsageError(f"{where} must be tables, with double brackets around their name")
    return value


def _value(where: str, name: str, key: Key, table: Mapping[str, Any]) -> Any:
    if name not in table:
        if key.default is REQUIRED:
            raise UsageError(f"{where}: the key {name!r} is missing")
        return key.default
    return read_at(f"{where} {name}", key.read, table[name])


def read_at(where: str, read: Callable[[Any], Any], value: object) -> Any:
    """Return what ``read`` makes of a value. Raise its UsageError with the place before it."""
    try:
        return read(value)
    except UsageError as error:
        raise UsageError(f"{where} {error}") from None


def _choice(key: str, keys: Mapping[str, Key]) -> str:
    close = get_close_matches(key, keys, 1)
    return f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(keys)}"


def text(value: object) -> str:
    """Return a text of one line that is not empty. Raise UsageError for anything else."""
    if not isinstance(value, str) or not value.strip():
        raise UsageError('must be a text in quotes, such as "text"')
    if _CONTROLS.search(value):
        raise UsageError("must be one line, without control characters")
    return value


def any_text(value: object) -> str:
    """Return a text, which may be empty or have several lines. Raise UsageError for anything else."""
    if not isinstance(value, str):
        raise UsageError('must be a text in quotes, such as "text"')
    if "\x00" in value:
        raise UsageError("must not contain a NUL character")
    return value


def optional_text(value: object) -> str:
    """Return a text of one line, or "". Raise UsageError for anything else."""
    return "" if value == "" else text(value)


def texts(value: object) -> tuple[str, ...]:
    """Return the texts of a list, or one text. Raise UsageError for anything else."""
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, list):
        raise UsageError('must be a list of texts, such as ["one", "two"]')
    return tuple(text(each) for each in values)


def flag(value: object) -> bool:
    """Return true or false. Raise UsageError for anything else."""
    if not isinstance(value, bool):
        raise UsageError("must be true or false, without quotes")
    return value


def whole(lowest: int, highest: int) -> Callable[[object], int]:
    """Return a reader of whole numbers in a range."""

    def read(value: object) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not lowest <= value <= highest:
            raise UsageError(f"must be a whole number from {lowest} to {highest}, without quotes")
        return value

    return read


def one_of(*choices: str) -> Callable[[object], str]:
    """Return a reader of texts that are one of these."""

    def read(value: object) -> str:
        if value not in choices:
            raise UsageError(f"must be one of {', '.join(map(repr, choices))}")
        return str(value)

    return read


def short_name(value: object) -> str:
    """Return the name of a table. Raise UsageError for what cannot be part of a file's name."""
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise UsageError("must be a name of at most 60 letters, digits, dots, dashes and underscores")
    return value


def statuses(value: object) -> tuple[int, ...]:
    """Return HTTP statuses: one, or those of a list. Raise UsageError for anything else."""
    values = value if isinstance(value, list) else [value]
    for each in values:
        if not isinstance(each, int) or isinstance(each, bool) or not 100 <= each <= 599:
            raise UsageError("must be an HTTP status such as 200, or a list of these")
    return tuple(values)


def pairs(value: object) -> tuple[tuple[str, str], ...]:
    """Return the members of a table of texts, as pairs. Raise UsageError for anything else."""
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise UsageError('must be a table of texts, such as { name = "text" }')
    return tuple(value.items())


def headers(value: object) -> tuple[tuple[str, str], ...]:
    """Return the fields of a request's head, as pairs. Raise UsageError for what HTTP does not allow."""
    for field, content in pairs(value):
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", field):
            raise UsageError(f"has {field!r}, which is not the name of an HTTP header")
        if _CONTROLS.search(content) or not content.isascii():
            raise UsageError(f"{field} must be one line of ASCII")
    return pairs(value)


def variables(value: object) -> dict[str, str]:
    """Return environment variables and their values. Raise UsageError for anything else."""
    if not isinstance(value, dict):
        raise UsageError('must be a table, such as { DEBUG = "0" }')
    for variable, content in value.items():
        if not VARIABLE.fullmatch(variable):
            raise UsageError(f"has {variable!r}, which is not the name of an environment variable")
        read_at(variable, any_text, content)
    return dict(value)


def command(value: object) -> str:
    """Return a command that runs without a shell. Raise UsageError for what only a shell understands."""
    line = text(value)
    try:
        words = shlex.split(line)
    except ValueError:
        raise UsageError("has a quote that is not closed") from None
    if not words:
        raise UsageError("must be a command")
    if signs := _SHELL.intersection(words):
        raise UsageError(f"runs without a shell, which {min(signs)!r} would need; write it as sh -c '...'")
    return line


def commands(value: object) -> tuple[str, ...]:
    """Return a list of commands, or one command. Raise UsageError for anything else."""
    return tuple(command(each) for each in texts(value))


def json_value(value: object) -> Any:
    """Return a value that JSON can express. Raise UsageError for dates and times, inf and nan."""
    if isinstance(value, dict):
        return {str(key): json_value(each) for key, each in value.items()}
    if isinstance(value, list):
        return [json_value(each) for each in value]
    if isinstance(value, bool | int | str) or (isinstance(value, float) and value - value == 0):
        return value
    raise UsageError("must not have dates, times, inf or nan; write a date as a text")
