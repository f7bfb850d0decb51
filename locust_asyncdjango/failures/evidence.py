"""What an answer, or an exception, says of an error: names, SQLSTATE and text, by whatever way it says so.

A page is judged by where its error stands, never by words anywhere in it: a debug page shows the settings, which name
every database, and the source code around the error.
"""

import json
import re
from collections import deque
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import unescape
from typing import Any, NamedTuple

from locust_asyncdjango.failures.normalize import with_zeros

BODY_LIMIT = 64 * 1024
"""Bytes of a body that are looked at."""

TEXT_LIMIT = 2000
"""Characters of an error's own text that are."""

SHORT_TEXT = 500
"""Bytes of a text that says no more than an error, though its status is a success's."""

NAME_LIMIT = 200
"""Characters of an exception's name."""

ARGUMENTS_LIMIT = 10
"""Of an exception's, in which others are looked for."""

HEADINGS = 8192
"""Bytes of a longer page in which title and headings are looked for."""

SHORT_PAGE = 4096
"""Bytes of a page that is read whole; of a longer one only its title and headings are."""


class Evidence(NamedTuple):
    """What is known of an error; "" and () where it is not.

    names: of the exception and what caused it, dotted as far as known. library: the dotted module that raised it.
    sqlstate: a database's. text: the error in words. form: json, html or text.
    """

    names: tuple[str, ...] = ()
    library: str = ""
    sqlstate: str = ""
    text: str = ""
    form: str = ""

    @property
    def told(self) -> str:
        """For people: the exception and the first line of its words."""
        return ": ".join(filter(None, (self.names[0] if self.names else "", self.text.partition("\n")[0])))

    @property
    def alike(self) -> "Evidence":
        """With each digit a 0, so that errors that differ in a number are the same; but for codes of errors."""
        names, library, sqlstate, text, form = self
        return Evidence(names, library, sqlstate, with_zeros(text), form)


def of_answer(media_type: str, body: bytes, *, of_success: bool = False) -> Evidence:
    """What an answer says of an error. media_type: in lower case.

    of_success: its status tells of none: then only what is there for errors counts, not what a page or text is about.
    """
    body = body[:BODY_LIMIT]
    begin = body[:200].lstrip()
    if "json" in media_type or begin[:1] in {b"{", b"["}:
        return _of_json(body, _ERRORS if of_success else _TEXTS)
    if (start := body.find(_DJANGO)) >= 0:
        return _of_debug_page(body, start)
    is_page = "html" in media_type or begin[:1] == b"<"
    if of_success and (is_page or len(body) > SHORT_TEXT):
        return Evidence()
    if is_page:
        return _of_page(body)
    return _of_text(body)


def of_exception(exception: BaseException) -> Evidence:
    """What an exception says itself, of the error of a library that raised it or that it wraps."""
    found = list(causes(exception))
    kinds: list[Any] = list(map(type, found))
    return Evidence(
        names=tuple(dict.fromkeys(name for kind in kinds for name in _names(kind))),
        sqlstate=next(filter(None, map(_sqlstate, found)), ""),
        text="\n".join(dict.fromkeys(filter(None, map(said_by, found))))[:TEXT_LIMIT],
        form="text",
    )


def causes(exception: BaseException) -> Iterator[BaseException]:
    """The exception and what it wraps, outermost first, each once."""
    queue: deque[Any] = deque([exception])
    seen: set[int] = set()
    while queue:
        current = queue.popleft()
        if isinstance(current, BaseException) and id(current) not in seen:
            seen.add(id(current))
            yield current
            # urllib3 keeps what it wraps in reason, geventhttpclient in original.
            queue += [current.__cause__, None if current.__suppress_context__ else current.__context__]
            queue += [getattr(current, name, None) for name in ("reason", "original")]
            queue += current.args[:ARGUMENTS_LIMIT]


def said_by(exception: BaseException) -> str:
    """Its message; its class, where it cannot say it."""
    try:
        return str(exception)
    except Exception:  # noqa: BLE001 - whatever a locustfile's own class raises
        return type(exception).__name__


@lru_cache(maxsize=256)
def _names(kind: type[BaseException]) -> tuple[str, ...]:
    return tuple(f"{base.__module__}.{base.__name__}" for base in kind.__mro__)


def field(headers: Mapping[str, str], name: str) -> str:
    """A header field in lower case; "" where there is none."""
    for each in headers:
        if len(str(each)) == len(name) and str(each).lower() == name:
            return str(headers[each]).lower()
    return ""


def _sqlstate(exception: BaseException) -> str:
    return str(getattr(exception, "sqlstate", None) or getattr(exception, "pgcode", None) or "")


# --- JSON: a problem (RFC 9457) such as the target site's, or what other frameworks make of an error

_DEPTH, _BREADTH = 3, 5
"""To which a JSON error's members are looked at."""

_ERRORS = ("error", "errors")
_NAME = re.compile(r"[\w.:$]{1,200}")
_TEXTS = ("detail", "details", "message", "error", "error_description", "errors", "reason", "msg")


def _of_json(body: bytes, members: tuple[str, ...]) -> Evidence:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return Evidence(text=_words(body[:TEXT_LIMIT]), form="json")
    if not isinstance(said, dict):
        return Evidence(text=" ".join(_texts(said))[:TEXT_LIMIT], form="json")
    names: list[str] = []
    texts: list[str] = []
    for member in ("exception", "cause"):
        for text in _texts(said[member]) if member in said else ():
            # Rails says the whole exception there.
            (names if _NAME.fullmatch(text) else texts).append(text)
    for member in members:
        if member in said:
            texts += _texts(said[member])
    if not names and not texts:
        # A problem's title is often its status in words, which say less than the exception's name.
        texts = _texts(said.get("title"))
    library, sqlstate = (str(said.get(member) or "") for member in ("library", "sqlstate"))
    return Evidence(
        names=tuple(names),
        library=library[:NAME_LIMIT] if names else "",
        sqlstate=sqlstate[:NAME_LIMIT],
        text=(texts[0] if len(texts) == 1 else "; ".join(dict.fromkeys(texts)))[:TEXT_LIMIT],
        form="json",
    )


def _texts(value: Any, depth: int = 0) -> list[str]:
    """Strings in what a member holds, such as GraphQL's list of errors."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = [value[name] for name in _TEXTS if name in value]
    if not isinstance(value, list) or depth == _DEPTH:
        return []
    return [text for each in value[:_BREADTH] for text in _texts(each, depth + 1)]


# --- Pages

_DJANGO = b'class="exception_value"'
"""Stands in its debug page before the exception's words."""


def _of_debug_page(body: bytes, start: int) -> Evidence:
    """Django's: its title is "<exception> at <path>"; the exception's words, and its place, follow ``start``."""
    title = _words(_between(body, b"<title>", b"</title>"))
    value = _words(_between(body[start : start + 4 * TEXT_LIMIT], b">", b"</"))
    return Evidence(names=(_first_word(title),), library=_raised_in(body, start), text=value, form="html")


_FRAME = re.compile(rb'(?:class="fname">|\n  File ")([^<"\n]{1,300})(?=[<"\n])')
_INSTALLED = re.compile(rb"(?:site|dist)-packages[/\\]([\w./\\]+?)\.pyx?\b")
# Python's own library, and what is compiled or frozen, whose paths lead nowhere.
_PYTHONS = re.compile(rb"^<|^[^/\\:]+[/\\].*\.pyx|[/\\](?:lib[/\\]python3[\d.]*t?|Lib)[/\\](?:\w+[/\\])*\w+\.py\b")
# asyncpg's, for Python before 3.12.
_COPY_OF_PYTHONS = b"_asyncio_compat"


def _raised_in(body: bytes, start: int) -> str:
    """The library in whose code the exception was raised, from the line "Exception Location" behind ``start``.

    Where Python's own code raised it, such as asyncio's: the library that had called that, from the frames shown.
    """
    for path in filter(None, _paths(body, start)):
        if (found := _INSTALLED.search(path)) and not found[1].endswith(_COPY_OF_PYTHONS):
            return re.sub(r"[/\\]+", ".", found[1].decode())
        if not found and not _PYTHONS.search(path):
            break
    return ""


def _paths(body: bytes, start: int) -> Iterator[bytes]:
    """Of the code that raised, then of what had called it; the page is searched for these only if they are wanted."""
    at = body.find(b"Exception Location", start, start + 4 * TEXT_LIMIT)
    if at >= 0:
        place = body[at : at + 1000]
        yield _between(place, b'class="fname">', b"</span>") or _between(place, b":", b"\n").strip()
    yield from reversed(_FRAME.findall(body))


def _of_page(body: bytes) -> Evidence:
    if len(body) <= SHORT_PAGE:
        return Evidence(text=_page_words(body), form="html")
    title = _words(_between(body, b"<title>", b"</title>"))
    if (end := title.find("// Werkzeug Debugger")) >= 0:
        name, _, text = title[:end].partition(": ")
        return Evidence(names=(name,), text=text.strip(), form="html")
    headings = (_page_words(found[0]) for found in re.finditer(rb"<h[12].{0,300}?</h[12]>", body[:HEADINGS], re.DOTALL))
    return Evidence(text=" ".join(dict.fromkeys((title, *headings)))[:TEXT_LIMIT], form="html")


@lru_cache(maxsize=64)
def _page_words(page: bytes) -> str:
    """A page's words without its markup. A server says the same page thousands of times."""
    return _words(re.sub(rb"(?is)<(script|style)\b(?:.*?</\1>|.*)|<!--(?:.*?-->|.*)|<[^>]*>", b" ", page))


# --- Plain text: Django's and Starlette's debug answers for programs, and everything else


def _of_text(body: bytes) -> Evidence:
    head, request, _ = body[: 4 * TEXT_LIMIT].partition(b"\nRequest Method:")
    if request:
        title, _, value = head.partition(b"\n")
        return Evidence((_first_word(_words(title)),), _raised_in(body, len(head)), "", _words(value), "text")
    if b"Traceback (most recent call last)" in body:
        last = body.rstrip().rpartition(b"\n  ")[2].partition(b"\n")[2] or body[-TEXT_LIMIT:]
        name, _, raised = _words(last).partition(": ")
        return Evidence((name,), text=raised, form="text")
    return Evidence(text=_words(body), form="text")


def _words(said: bytes) -> str:
    """Bytes as text without entities and empty lines, as much as is looked at."""
    text = said[: 2 * TEXT_LIMIT].decode("utf-8", "replace").strip()
    if "\n" in text:
        text = "\n".join(line for each in text.splitlines() if (line := each.strip()))
    return (unescape(text) if "&" in text else text)[:TEXT_LIMIT]


def _first_word(text: str) -> str:
    return next(iter(text.split(None, 1)), "")


def _between(body: bytes, begin: bytes, end: bytes) -> bytes:
    start = body.find(begin)
    if start < 0:
        return b""
    start += len(begin)
    return body[start : max(body.find(end, start, start + 4 * TEXT_LIMIT), start)]
