"""Read what a response or an exception says about an error: exception names, SQLSTATE, and text.

This is the first step of a classification. ``read_response`` and ``read_exception`` return Evidence, and ``read_chain``
returns the evidence of each exception of a chain. The later steps work on the evidence, and on no exception. Nothing
here knows any rule.

A page is judged by the place where its error stands, never by words anywhere in it: a debug page shows the settings,
which name every database, and the source code around the error.
"""

import errno
import json
import os
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from html import unescape
from typing import Any, NamedTuple

from locust_asyncdjango.failures.normalize import zero_digits
from locust_asyncdjango.probe.protocol import FAILURE_HEADER, read_failure

_FAILURE_HEADER = FAILURE_HEADER.lower()

BODY_LIMIT = 64 * 1024
"""How many bytes of a body are read."""

TEXT_LIMIT = 2000
"""How many characters of an error's text are read."""

SHORT_TEXT = 500
"""How many bytes a text of a successful response may have and still count as an error message."""

NAME_LIMIT = 200
"""How many characters of an exception's name are read."""

NAMES_LIMIT = 10
"""How many names of exceptions in a response are read."""

ARGUMENTS_LIMIT = 10
"""How many arguments of an exception are searched for other exceptions."""

HEADINGS = 8192
"""How many bytes of a long page are searched for title and headings."""

SHORT_PAGE = 4096
"""How many bytes a page may have to be read as a whole; of a longer one only title and headings are read."""


class Evidence(NamedTuple):
    """Hold what is known about an error; "" and () stand for what is unknown.

    names: of the exception and of its causes, with their modules as far as they are known.
    library: the dotted module that raised the exception.
    sqlstate: the code that a database gave the error.
    text: the error's message.
    form: "json", "html" or "text": how the response presents the error.
    """

    names: tuple[str, ...] = ()
    library: str = ""
    sqlstate: str = ""
    text: str = ""
    form: str = ""

    @property
    def summary(self) -> str:
        """Return the exception's name and the first line of its message, for people."""
        return ": ".join(filter(None, (self.names[0] if self.names else "", self.text.partition("\n")[0])))

    @property
    def size(self) -> int:
        """Return the number of characters."""
        return sum(map(len, self.names)) + len(self.library) + len(self.sqlstate) + len(self.text)

    @property
    def names_exception(self) -> bool:
        """Return whether an exception is known by its name or its SQLSTATE."""
        return bool(self.names or self.sqlstate)

    def or_else(self, other: "Evidence") -> "Evidence":
        """Return what both know, this one first: all names, and the text of the other only if it names an exception."""
        return Evidence(
            tuple(dict.fromkeys((*self.names, *other.names))),
            self.library or other.library,
            self.sqlstate or other.sqlstate,
            "\n".join(filter(None, (self.text, other.text if other.names_exception else "")))[:TEXT_LIMIT],
            other.form,
        )

    @property
    def zeroed(self) -> "Evidence":
        """Return the evidence with 0 for each digit of its text, so that errors that differ in a number are equal.

        Numbers that are codes of errors stay.
        """
        names, library, sqlstate, text, form = self
        return Evidence(names, library, sqlstate, zero_digits(text), form)


class ExceptionEvidence(NamedTuple):
    """Hold what one exception of a chain says about an error.

    names: the dotted names of its class and of all base classes, its own class first.
    errno: its error number, 0 without one.
    sqlstate: as in Evidence.
    text: its message.
    description: for people, the name of its class with its message, or with the system's words for the error number.
    """

    names: tuple[str, ...]
    errno: int
    sqlstate: str
    text: str
    description: str


def read_response(media_type: str, body: bytes, *, success: bool = False) -> Evidence:
    """Return what a response says about an error.

    media_type: the Content-Type field in lower case. body: decoded bytes, of which BODY_LIMIT are read. success:
    whether its status is a success's. Then only what is there for errors counts (a debug page, a short text, the
    members "error" and "errors" of JSON), not what a page or a text is about.
    """
    body = body[:BODY_LIMIT]
    begin = body[:200].lstrip()
    if "json" in media_type or begin[:1] in {b"{", b"["}:
        return _read_json(body, _ERROR_MEMBERS if success else _TEXT_MEMBERS)
    if (start := body.find(_DJANGO_DEBUG_PAGE)) >= 0:
        return _read_debug_page(body, start)
    is_page = "html" in media_type or begin[:1] == b"<"
    if success and (is_page or len(body) > SHORT_TEXT):
        return Evidence()
    if is_page:
        return _read_page(body)
    return _read_text(body)


def read_exception(exception: BaseException) -> Evidence:
    """Return what an exception, and the exceptions that it wraps, say about an error."""
    return merge_chain(list(read_chain(exception)))


def merge_chain(chain: Sequence[ExceptionEvidence]) -> Evidence:
    """Return what all exceptions of a chain say together: all names and texts, and the first SQLSTATE."""
    return Evidence(
        names=tuple(dict.fromkeys(name for each in chain for name in each.names)),
        sqlstate=next((each.sqlstate for each in chain if each.sqlstate), ""),
        text="\n".join(dict.fromkeys(each.text for each in chain if each.text))[:TEXT_LIMIT],
        form="text",
    )


def read_chain(exception: BaseException) -> Iterator[ExceptionEvidence]:
    """Yield the evidence of the exception and of each that it wraps, outermost first. Each is read on demand."""
    return map(read_one_exception, exception_chain(exception))


def read_one_exception(exception: BaseException) -> ExceptionEvidence:
    """Return what an exception says, without those that it wraps."""
    exception_class: Any = type(exception)
    text = exception_message(exception)[: 4 * TEXT_LIMIT]
    number = getattr(exception, "errno", None)
    if not isinstance(number, int):
        number = 0
    # OpenSSL's numbers are none of the system's.
    if number and not isinstance(exception, ssl.SSLError) and (words := _system_words(number)):
        description = f"{exception_class.__name__}: {words}"
    else:
        description = f"{exception_class.__name__}: {text}" if text else exception_class.__name__
    return ExceptionEvidence(_class_names(exception_class), number, _sqlstate(exception), text, description)


def exception_names(exception: BaseException) -> tuple[str, ...]:
    """Return the dotted names of an exception's class and of all base classes, its own class first."""
    exception_class: Any = type(exception)
    return _class_names(exception_class)


def exception_chain(exception: BaseException) -> Iterator[BaseException]:
    """Yield the exception and those that it wraps, outermost first, each once."""
    chain = [exception]
    visited = {id(exception)}
    for current in chain:  # which grows meanwhile
        yield current
        context = None if current.__suppress_context__ else current.__context__
        # urllib3 keeps what it wraps in reason, geventhttpclient in original.
        reason, original = getattr(current, "reason", None), getattr(current, "original", None)
        for inner in (current.__cause__, context, reason, original, *current.args[:ARGUMENTS_LIMIT]):
            if isinstance(inner, BaseException) and id(inner) not in visited:
                visited.add(id(inner))
                chain.append(inner)


def exception_message(exception: BaseException) -> str:
    """Return an exception's message, or the name of its class if str() of the exception raises an error."""
    try:
        return str(exception)
    except Exception:  # noqa: BLE001 - whatever a locustfile's own class raises
        return type(exception).__name__


def header_value(headers: Mapping[str, str], name: str) -> str:
    """Return the value of a header field, or "". name: in lower case; the field's may be in any case."""
    for each in headers:
        if len(str(each)) == len(name) and str(each).lower() == name:
            return str(headers[each])
    return ""


def read_failure_header(headers: Mapping[str, str]) -> "Evidence":
    """Return what the probe in the server's process says about the exception that made a response fail.

    The Evidence is empty where no probe runs there.
    """
    value = header_value(headers, _FAILURE_HEADER)
    if not value:
        return Evidence()
    failure = read_failure(value)
    return Evidence(failure.names, failure.library, failure.sqlstate, failure.text, "text")


@lru_cache(maxsize=256)
def _class_names(exception_class: type[BaseException]) -> tuple[str, ...]:
    return tuple(f"{base.__module__}.{base.__name__}" for base in exception_class.__mro__)


@lru_cache(maxsize=256)
def _system_words(number: int) -> str:
    """Return the system's words for an error number, or "" for a number that it does not know."""
    return os.strerror(number) if number in errno.errorcode else ""


def _sqlstate(exception: BaseException) -> str:
    return str(getattr(exception, "sqlstate", None) or getattr(exception, "pgcode", None) or "")


# --- JSON: a problem (RFC 9457) such as the target site's, or the errors of other frameworks

_MAX_DEPTH, _MAX_BREADTH = 3, 5
"""How deep and how far the members of a JSON error are read."""

_ERROR_MEMBERS = ("error", "errors")
_TEXT_MEMBERS = ("detail", "details", "message", "error", "error_description", "errors", "reason", "msg")
_NAME = re.compile(r"[\w.:$]{1,200}")


def _read_json(body: bytes, members: tuple[str, ...]) -> Evidence:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return Evidence(text=_plain_text(body[:TEXT_LIMIT]), form="json")
    if not isinstance(content, dict):
        return Evidence(text=" ".join(_strings(content))[:TEXT_LIMIT], form="json")
    names: list[str] = []
    texts: list[str] = []
    for member in ("exception", "cause"):
        for text in _strings(content[member]) if member in content else ():
            # Rails puts the whole exception there, with its message.
            (names if _NAME.fullmatch(text) else texts).append(text)
    for member in members:
        if member in content:
            texts += _strings(content[member])
    if not names and not texts:
        # A problem's title is often its status in words, which say less than the exception's name.
        texts = _strings(content.get("title"))
    library, sqlstate = (str(content.get(member) or "") for member in ("library", "sqlstate"))
    return Evidence(
        names=tuple(names[:NAMES_LIMIT]),
        library=library[:NAME_LIMIT] if names else "",
        sqlstate=sqlstate[:NAME_LIMIT],
        text=(texts[0] if len(texts) == 1 else "; ".join(dict.fromkeys(texts)))[:TEXT_LIMIT],
        form="json",
    )


def _strings(value: Any, depth: int = 0) -> list[str]:
    """Return the strings in a member's value, such as GraphQL's list of errors."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = [value[name] for name in _TEXT_MEMBERS if name in value]
    if not isinstance(value, list) or depth == _MAX_DEPTH:
        return []
    return [text for each in value[:_MAX_BREADTH] for text in _strings(each, depth + 1)]


# --- Pages

_DJANGO_DEBUG_PAGE = b'class="exception_value"'
"""What stands before the exception's message in Django's debug page."""


def _read_debug_page(body: bytes, start: int) -> Evidence:
    """Read Django's debug page. Its title is "<exception> at <path>"; message and place follow from ``start`` on."""
    title = _plain_text(_between(body, b"<title>", b"</title>"))
    value = _plain_text(_between(body[start : start + 4 * TEXT_LIMIT], b">", b"</"))
    return Evidence(names=(_first_word(title),), library=_raising_library(body, start), text=value, form="html")


_FRAME = re.compile(rb'(?:class="fname">|\n  File ")([^<"\n]{1,300})(?=[<"\n])')
_INSTALLED = re.compile(rb"(?:site|dist)-packages[/\\]([\w./\\]+?)\.pyx?\b")
# Python's own library, and compiled or frozen modules, which have no path of a file.
_STANDARD_LIBRARY = re.compile(
    rb"^<|^[^/\\:]+[/\\].*\.pyx|[/\\](?:lib[/\\]python3[\d.]*t?|Lib)[/\\](?:\w+[/\\])*\w+\.py\b"
)
# asyncpg contains this copy for Python before 3.12.
_COPY_OF_ASYNCIO = b"_asyncio_compat"


def _raising_library(body: bytes, start: int) -> str:
    """Return the library whose code raised the exception, from the line "Exception Location" after ``start``.

    If Python's own code raised it, such as asyncio, return the library that called that code, from the frames that the
    page shows.
    """
    for path in filter(None, _frame_paths(body, start)):
        if (match := _INSTALLED.search(path)) and not match[1].endswith(_COPY_OF_ASYNCIO):
            return re.sub(r"[/\\]+", ".", match[1].decode())
        if not match and not _STANDARD_LIBRARY.search(path):
            break
    return ""


def _frame_paths(body: bytes, start: int) -> Iterator[bytes]:
    """Yield the path of the code that raised, then those of its callers. The page is only searched for these on
    demand."""
    at = body.find(b"Exception Location", start, start + 4 * TEXT_LIMIT)
    if at >= 0:
        place = body[at : at + 1000]
        yield _between(place, b'class="fname">', b"</span>") or _between(place, b":", b"\n").strip()
    yield from reversed(_FRAME.findall(body))


def _read_page(body: bytes) -> Evidence:
    if len(body) <= SHORT_PAGE:
        return Evidence(text=_page_text(body), form="html")
    title = _plain_text(_between(body, b"<title>", b"</title>"))
    if (end := title.find("// Werkzeug Debugger")) >= 0:
        name, _, text = title[:end].partition(": ")
        return Evidence(names=(name[:NAME_LIMIT],), text=text.strip(), form="html")
    matches = re.finditer(rb"<h[12].{0,300}?</h[12]>", body[:HEADINGS], re.DOTALL)
    headings = (_page_text(match[0]) for match in matches)
    return Evidence(text=" ".join(dict.fromkeys((title, *headings)))[:TEXT_LIMIT], form="html")


# A server sends the same page thousands of times.
@lru_cache(maxsize=64)
def _page_text(page: bytes) -> str:
    """Return a page's text without its markup."""
    return _plain_text(re.sub(rb"(?is)<(script|style)\b(?:.*?</\1>|.*)|<!--(?:.*?-->|.*)|<[^>]*>", b" ", page))


# --- Plain text: Django's and Starlette's debug responses for programs, and everything else


def _read_text(body: bytes) -> Evidence:
    head, request, _ = body[: 4 * TEXT_LIMIT].partition(b"\nRequest Method:")
    if request:
        title, _, value = head.partition(b"\n")
        library = _raising_library(body, len(head))
        return Evidence((_first_word(_plain_text(title)),), library, "", _plain_text(value), "text")
    if b"Traceback (most recent call last)" in body:
        last = body.rstrip().rpartition(b"\n  ")[2].partition(b"\n")[2] or body[-TEXT_LIMIT:]
        name, _, message = _plain_text(last).partition(": ")
        return Evidence((name[:NAME_LIMIT],), text=message, form="text")
    return Evidence(text=_plain_text(body), form="text")


def _plain_text(content: bytes) -> str:
    """Return bytes as text without entities and empty lines, cut to what is read of it."""
    text = content[: 2 * TEXT_LIMIT].decode("utf-8", "replace").strip()
    if "\n" in text:
        text = "\n".join(line for each in text.splitlines() if (line := each.strip()))
    return (unescape(text) if "&" in text else text)[:TEXT_LIMIT]


def _first_word(text: str) -> str:
    return next(iter(text.split(None, 1)), "")[:NAME_LIMIT]


def _between(body: bytes, begin: bytes, end: bytes) -> bytes:
    start = body.find(begin)
    if start < 0:
        return b""
    start += len(begin)
    return body[start : max(body.find(end, start, start + 4 * TEXT_LIMIT), start)]
