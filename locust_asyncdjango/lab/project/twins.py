"""Compare the responses of twins: variants of a view that should do the same. Start reading at ``differences``."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from locust_asyncdjango.failures.normalize import safe_line

IGNORED = (
    r"""<input[^>]*\bcsrfmiddlewaretoken\b[^>]*>""",
    r"""(?i)\bcsrf[\w-]{0,30}["']?\s*[=:,]\s*["']?[A-Za-z0-9]{32,64}""",
    r"""(?i)<meta[^>]*\bcsrf[^>]*>""",
    r"""\bnonce=(?:"[^"]*"|'[^']*')""",
    r"""\b(?:127\.0\.0\.1|localhost):\d+""",
)
"""What differs between responses of one view: tokens against CSRF, nonces of scripts, and the server's address."""
WIDTH = 60
"""Characters of each response that a difference shows."""
PLACE = "<path>"
"""What stands for the path of each twin, which their bodies may repeat, as in links to the next page."""
_Leaf = tuple[str, str]


@dataclass(frozen=True, slots=True)
class TwinResponse:
    """The response of a twin. name: of the variant. path: that was requested. content_type: "" where there is none."""

    name: str
    path: str
    status: int
    content_type: str = ""
    body: bytes = b""

    @property
    def is_json(self) -> bool:
        """Whether the body says that it is JSON."""
        return bool(re.match(r"application/(?:[\w.-]+\+)?json\b", self.content_type.strip().lower()))


def differences(first: TwinResponse, second: TwinResponse, ignore: Sequence[str] = ()) -> tuple[str, ...]:
    """Return in at most three lines where two responses first differ; () where they are the same.

    ignore: regular expressions of what may differ in the bodies. Tokens against CSRF and header fields never count.
    JSON is compared as JSON, so that neither spaces nor the order of members count.
    """
    if first.status != second.status:
        return (f"{first.name} answers with status {first.status}, {second.name} with {second.status}",)
    if first.body == second.body:
        return ()
    texts = [_text(each) for each in (first, second)]
    if texts[0] is None or texts[1] is None:
        return _bytes_difference(first, second)
    patterns = [re.compile(pattern) for pattern in (*ignore, *IGNORED)]
    plain = [
        _without(text or "", response.path, patterns) for text, response in zip(texts, (first, second), strict=True)
    ]
    if plain[0] == plain[1]:
        return ()
    if first.is_json and second.is_json:
        leaves = [_leaves(text or "", each, patterns) for text, each in zip(texts, plain, strict=True)]
        if leaves[0] is not None and leaves[1] is not None:
            return _json_difference(first.name, second.name, leaves[0], leaves[1], patterns)
    return _text_difference(first.name, second.name, plain[0], plain[1])


def _text(response: TwinResponse) -> str | None:
    charset = re.search(r"charset=[\"']?([\w-]+)", response.content_type.lower())
    try:
        return response.body.decode(charset[1] if charset else "utf-8")
    except (UnicodeDecodeError, LookupError):
        return None


def _without(text: str, path: str, patterns: Sequence[re.Pattern[str]]) -> str:
    plain_path = path.partition("?")[0]
    if len(plain_path.strip("/")) > 0:
        text = text.replace(plain_path, PLACE)
    for pattern in patterns:
        text = pattern.sub("", text)
    return text


def _leaves(text: str, plain: str, patterns: Sequence[re.Pattern[str]]) -> list[_Leaf] | None:
    """Return the leaves of a JSON text, each with its place; None for what is not JSON.

    plain: the text without what is ignored, which need not be JSON any more.
    """
    for candidate in (plain, text):
        try:
            return [(place, _without(value, "", patterns)) for place, value in _walk(json.loads(candidate))]
        except (ValueError, RecursionError):
            continue
    return None


def _walk(value: Any, place: str = "") -> Iterator[_Leaf]:
    if isinstance(value, dict) and value:
        for key in sorted(value):
            yield from _walk(value[key], f"{place}.{key}" if place else key)
    elif isinstance(value, list) and value:
        for index, each in enumerate(value):
            yield from _walk(each, f"{place}[{index}]")
    else:
        yield place, json.dumps(value, ensure_ascii=False)


def _json_difference(
    first_name: str, second_name: str, first: list[_Leaf], second: list[_Leaf], patterns: Sequence[re.Pattern[str]]
) -> tuple[str, ...]:
    absent = ("", "nothing")
    for one, other in zip_longest(first, second, fillvalue=absent):
        if one == other:
            continue
        place = one[0] if other is absent else other[0] if one is absent else min(one[0], other[0])
        values = [dict(leaves).get(place, "nothing") for leaves in (first, second)]
        # A pattern may name the member: "updated": .*
        lines = [_without(f'"{re.split(r"[.]", place)[-1]}": {value}', "", patterns) for value in values]
        if lines[0] != lines[1]:
            return (
                f"the JSON first differs at {safe_line(place) or 'its top'}",
                f"  {first_name}: {_shown(values[0], 0)}",
                f"  {second_name}: {_shown(values[1], 0)}",
            )
    return ()


def _text_difference(first_name: str, second_name: str, first: str, second: str) -> tuple[str, ...]:
    lines = ([line.strip() for line in text.splitlines() if line.strip()] for text in (first, second))
    for number, (one, other) in enumerate(zip_longest(*lines), 1):
        if one != other:
            at = _first_difference(one or "", other or "")
            return (
                f"the bodies first differ in line {number}, without blank lines",
                f"  {first_name}: {_shown(one, at)}",
                f"  {second_name}: {_shown(other, at)}",
            )
    return ()


def _bytes_difference(first: TwinResponse, second: TwinResponse) -> tuple[str, ...]:
    at = _first_difference(first.body, second.body)
    sizes = f"{first.name} has {len(first.body)} bytes, {second.name} has {len(second.body)}"
    return (f"the bodies first differ at byte {at + 1}; {sizes}",)


def _first_difference(first: Sequence[Any], second: Sequence[Any]) -> int:
    pairs = enumerate(zip(first, second, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(first), len(second)))


def _shown(line: str | None, at: int) -> str:
    """Return the part of a line around a place."""
    if line is None:
        return "nothing: the body has ended"
    begin = max(0, at - WIDTH // 3)
    part = safe_line(line[begin : begin + WIDTH])
    return f"{'...' if begin else ''}{part}{'...' if len(line) > begin + WIDTH else ''}" or "an empty line"
