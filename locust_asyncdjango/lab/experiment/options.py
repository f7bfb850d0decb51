"""Options of ``run``, declared once: as fields of the dataclasses in ``spec.py``.

A field that ``option()`` declares is a flag of the command line and a key of an experiment file. It is also written to
the file that runs an experiment again. All three follow from the field.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from math import isfinite
from typing import Any

from locust_asyncdjango.analysis.conditions.objective import ObjectiveError, parse_objective
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.metrics.strict_json import LARGEST_NUMBER

LONGEST_NUMBER = 15
"""The most characters of a number that an option accepts."""


@dataclass(frozen=True, slots=True)
class Option:
    """A flag and key of ``run``.

    parse: returns the value of a flag's text, or raises UsageError.
    help: what the flag does, without its default.
    default: the value without flag and key. A bool makes the option a switch, which takes no value.
    name: the key in a file; with - for _ it is the flag.
    field: the field of the dataclass that declares it.
    group: the heading in --help.
    short: a short flag, such as -u.
    metavar: stands for the value in --help.
    default_text: the default as --help shows it.
    several_text: how several values are used, for --help; "" for an option with one value.
    """

    parse: Callable[[str], Any]
    help: str
    default: Any
    name: str = ""
    field: str = ""
    group: str = "options"
    short: str = ""
    metavar: str = ""
    default_text: str = ""
    several_text: str = ""

    @property
    def flag(self) -> str:
        """The long flag: -- and the key, with - for _."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off, and takes no value."""
        return isinstance(self.default, bool)

    @property
    def full_help(self) -> str:
        """The help, followed by the use of several values and the default."""
        text = f"{self.help}, {self.several_text}" if self.several_text else self.help
        default = self.default_text or ("" if self.default in ("", ()) else _text(self.default))
        return f"{text} (default: {default})" if default and not self.is_switch else text

    def from_toml(self, value: object) -> Any:
        """Return the value that a key of a TOML file stands for. Raise UsageError where it is of another type."""
        if self.is_switch:
            if not isinstance(value, bool):
                raise UsageError(f"{self.name} must be true or false")
            return value
        items = value if isinstance(value, list) else [value]
        if not all(isinstance(item, str | int) and not isinstance(item, bool) for item in items):
            raise UsageError(f"{self.name} must be a text, a whole number or a list of these")
        if any(isinstance(item, int) and abs(item) > LARGEST_NUMBER for item in items):
            raise UsageError(f"{self.name} has a number that is too large")
        try:
            return self.parse(_text(items))
        except UsageError as error:
            # A message that begins with the value reads on from the key: users = 'many' is not a whole number.
            separator = " = " if str(error).startswith("'") else ": "
            raise UsageError(f"{self.name}{separator}{error}") from None


def option(default: Any, parse: Callable[[str], Any], help_text: str, **settings: str) -> Any:
    """Return a dataclass field that is an option of ``run``. settings: other members of ``Option``."""
    return field(default=default, metadata={"option": Option(parse, help_text, default, **settings)})


def declared_options(declaring: type) -> Iterator[Option]:
    """Yield the options among the fields of a dataclass, in their order."""
    for each in fields(declaring):
        if declared := each.metadata.get("option"):
            yield replace(declared, name=declared.name or each.name, field=each.name)


def names(text: str) -> tuple[str, ...]:
    """Return the names in a text, which are separated by commas."""
    return tuple(name.strip() for name in text.split(","))


def whole_number(text: str) -> int:
    """Return the whole number in a text. Raise UsageError for any other text."""
    try:
        return int(_short(text))
    except ValueError:
        raise UsageError(f"{text!r} is not a whole number") from None


def whole_number_text(text: str) -> str:
    """Return the text of a whole number as it is. Raise UsageError for any other."""
    whole_number(text)
    return text


def number_text(text: str) -> str:
    """Return the text of a number as it is. Raise UsageError for any other."""
    try:
        is_number = isfinite(float(_short(text)))
    except ValueError:
        is_number = False
    if not is_number:
        raise UsageError(f"{text!r} is not a number")
    return text


def duration_text(text: str) -> str:
    """Return the text of a duration, such as 40s, as it is; Locust reads it. Raise UsageError for a longer text."""
    try:
        return _short(text)
    except ValueError:
        raise UsageError(f"{text!r} is not a length, such as 40s or 3m") from None


def seconds_of(duration: str) -> int | None:
    """Return the seconds of a duration as Locust reads it, such as 90, 40s, 3m or 1h30m; None for any other text."""
    match = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s?)?", duration.strip())
    if not match or not any(match.groups()):
        return None
    hours, minutes, seconds = (int(group or 0) for group in match.groups())
    return 3600 * hours + 60 * minutes + seconds


def duration_of(seconds: int) -> str:
    """Return a duration as ``seconds_of`` reads it, such as 11m30s."""
    minutes, rest = divmod(seconds, 60)
    parts = {"h": minutes // 60, "m": minutes % 60, "s": rest}
    return "".join(f"{number}{unit}" for unit, number in parts.items() if number) or "0s"


def objective_text(text: str) -> str:
    """Return the text of an objective in the form in which all texts show it. Raise UsageError for any other text."""
    try:
        return parse_objective(text).text
    except ObjectiveError as error:
        raise UsageError(str(error)) from None


def whole_numbers(text: str) -> tuple[int, ...]:
    """Return the whole numbers in a text, which are separated by commas. Raise UsageError for any other text."""
    try:
        return tuple(int(_short(name)) for name in names(text))
    except ValueError:
        raise UsageError(f"{text!r} is not a list of whole numbers, separated by commas") from None


def _short(text: str) -> str:
    """Return the text of a number. Raise ValueError for one with so many digits that no such number is meant."""
    if len(text.strip()) > LONGEST_NUMBER:
        raise ValueError(text)
    return text


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
