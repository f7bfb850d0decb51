"""Standard JSON, and dataclasses made of it: what our files and messages are written and read by.

Python's own json module also reads and writes NaN and Infinity, which other programs refuse. Start reading at
``dumps``, ``loads`` and ``read_dataclass``.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from math import isfinite
from reprlib import Repr
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

LARGEST_NUMBER = 10**15
"""No number in a file or a message of ours is larger: it would be damage."""

_short = Repr()
_short.maxstring = _short.maxother = 60
_short.maxlevel = 1


def dumps(content: Any, indent: int | None = None) -> str:
    """Return the content as standard JSON, in one line without an indent. Raise ValueError for NaN and Infinity."""
    separators = (",", ":") if indent is None else None
    return json.dumps(content, indent=indent, separators=separators, allow_nan=False)


def loads(text: str | bytes) -> Any:
    """Return the content of standard JSON, in UTF-8 if it is bytes.

    Raise ValueError for anything else: NaN and Infinity, a number that no float can be, an object that names a member
    twice, and content that is nested too deeply.
    """
    try:
        return _DECODER.decode(text if isinstance(text, str) else text.decode())
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def read_dataclass(type_: Callable[..., T], content: object, where: str = "") -> T:
    """Return a dataclass from the object that ``dataclasses.asdict`` made of it and JSON made of that.

    where: the object's name in error messages. Raise ValueError, which names the member, where one is missing, unknown
    or of another type than the dataclass declares. A number is never negative, NaN, or beyond LARGEST_NUMBER.
    """
    if not isinstance(content, Mapping):
        raise _mismatch(content, where or "it", "an object")
    prefix = f"{where}." if where else ""
    types, required = _members(type_)
    if unknown := [name for name in content if name not in types]:
        raise ValueError(f"{prefix}{_short.repr(unknown[0])} is not known")
    if missing := [name for name in required if name not in content]:
        raise ValueError(f"{prefix}{missing[0]} is missing")
    return type_(**{name: read_value(types[name], value, f"{prefix}{name}") for name, value in content.items()})


def read_value(type_: Any, value: Any, where: str) -> Any:
    """Return a value as a type annotation declares it. Raise ValueError, as ``read_dataclass`` does."""
    if type_ is Any:
        return value
    if is_dataclass(type_) and isinstance(type_, type):
        return read_dataclass(type_, value, where)
    if get_origin(type_) in (Union, UnionType):
        return _read_union(get_args(type_), value, where)
    if reader := _READERS.get(get_origin(type_) or type_):
        return reader(get_args(type_), value, where)
    raise TypeError(f"{where} is declared as {type_}, which JSON cannot be")


def whole_number(value: Any, where: str = "it") -> int:
    """Return a whole number from 0 to LARGEST_NUMBER. Raise ValueError for anything else; True is no number."""
    if type(value) is not int or not 0 <= value <= LARGEST_NUMBER:
        raise _mismatch(value, where, "a whole number of something")
    return value


def number(value: Any, where: str = "it") -> float:
    """Return a number from 0 to LARGEST_NUMBER as a float. Raise ValueError for anything else; True is no number."""
    if type(value) not in (int, float) or not 0 <= value <= LARGEST_NUMBER:
        raise _mismatch(value, where, "a number of something")
    return float(value)


def _mismatch(value: Any, where: str, expected: str) -> ValueError:
    return ValueError(f"{where} is {_short.repr(value)}, not {expected}")


def _read_union(types: tuple[Any, ...], value: Any, where: str) -> Any:
    if value is None and NoneType in types:
        return None
    (type_,) = (each for each in types if each is not NoneType)
    return read_value(type_, value, where)


def _read_text(_: Any, value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise _mismatch(value, where, "a text")
    return value


def _read_switch(_: Any, value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise _mismatch(value, where, "true or false")
    return value


def _read_list(types: tuple[Any, ...], value: Any, where: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        raise _mismatch(value, where, "a list")
    return [read_value(types[0], item, f"{where}[{n}]") for n, item in enumerate(value)]


def _read_tuple(types: tuple[Any, ...], value: Any, where: str) -> tuple[Any, ...]:
    if types[1:] == (...,):
        return tuple(_read_list(types, value, where))
    if not isinstance(value, list | tuple) or len(value) != len(types):
        raise _mismatch(value, where, f"a list of {len(types)}")
    return tuple(
        read_value(type_, item, f"{where}[{n}]") for n, (type_, item) in enumerate(zip(types, value, strict=True))
    )


def _read_object(types: tuple[Any, ...], value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise _mismatch(value, where, "an object")
    return {name: read_value(types[1], item, f"{where}.{name}") for name, item in value.items()}


_READERS: dict[Any, Callable[[tuple[Any, ...], Any, str], Any]] = {
    int: lambda _, value, where: whole_number(value, where),
    float: lambda _, value, where: number(value, where),
    str: _read_text,
    bool: _read_switch,
    list: _read_list,
    tuple: _read_tuple,
    dict: _read_object,
}


@cache
def _members(type_: Any) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Return the members of a dataclass with their types, and the names of those without a default."""
    hints = get_type_hints(type_)
    own = [each for each in fields(type_) if each.init]
    required = (each.name for each in own if each.default is MISSING and each.default_factory is MISSING)
    return {each.name: hints[each.name] for each in own}, tuple(required)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise ValueError(f"{text[:30]} is beyond all floats")
    return value


def _unique_members(members: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    pairs = list(members)
    unique = dict(pairs)
    if len(unique) < len(pairs):
        raise ValueError("an object names a member twice")
    return unique


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite, object_pairs_hook=_unique_members)
