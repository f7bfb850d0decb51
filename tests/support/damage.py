"""Damage to JSON: values that a file of ours cannot have, in place of each of its members."""

import json
import random
from collections.abc import Iterator
from typing import Any

BAD_VALUES: list[Any] = [
    *(None, -1, 1.5, True, "x", "", [], {}, [None], [[1, 2]], {"a": {"b": 1}}, 10**16, 10**400, -(10**20), 1e308),
    *(float("nan"), float("inf"), "<script>alert(1)</script>", "\x1bc\x1b[2J", "\ud800", "9" * 5000, "NaN"),
]
MISSING = object()
"""In place of a value: the member is left out."""

Path = tuple[str | int, ...]


def paths(content: Any, path: Path = ()) -> Iterator[Path]:
    """Yield the way to each member of JSON, however deep."""
    if path:
        yield path
    members = content.items() if isinstance(content, dict) else enumerate(content) if isinstance(content, list) else ()
    for name, value in members:
        yield from paths(value, (*path, name))


def damaged(content: Any, chance: random.Random, each: int) -> Iterator[str]:
    """Yield JSON in which one member is damaged or missing. each: in how many ways each member is damaged."""
    for path in paths(content):
        for value in (MISSING, *chance.sample(BAD_VALUES, each)):
            copy = json.loads(json.dumps(content))
            place = copy
            for name in path[:-1]:
                place = place[name]
            if value is MISSING:
                del place[path[-1]]
            else:
                place[path[-1]] = value
            yield json.dumps(copy)


def changed_bytes(content: bytes, chance: random.Random) -> bytes:
    """Return the content with some bytes changed, removed and added."""
    raw = bytearray(content)
    for _ in range(chance.choice((1, 3, 20))):
        place = chance.randrange(len(raw))
        raw[place : place + chance.randrange(20)] = chance.randbytes(chance.randrange(20))
    return bytes(raw)


def strict_json(text: str) -> Any:
    """Return the content of JSON. Raise ValueError for NaN and Infinity."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    return json.loads(text, parse_constant=refuse)
