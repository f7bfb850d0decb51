"""The names that the lab, the load generator and a server's process have in common, and the failure header.

The server's process imports the probe as the package ``asyncdjango_probe``, with a Python of the user's (3.10 or
newer).

The failure header names what failed, from the outermost exception to the innermost one that it wraps:

    django.db.utils.OperationalError;psycopg.errors.TooManyConnections;sqlstate=53300

Items are separated by ";". An item without "=" is the dotted name of an exception's class. The others are a key and a
percent-encoded value: ``sqlstate`` (the code that a database gave), ``library`` (the module of an installed library
that raised an exception of the standard library) and ``text`` (one line, only where no code says why a database
refused the connection). Readers skip keys that they do not know. ``write_failure`` and ``read_failure`` are the only
functions that know this grammar.

The header of details has the exception's message and its place in the project. It answers requests that ask for it,
as those of the lab before a trial do and those of the load do not:

    error=ValueError;text=no such author;place=app/views.py:31;traceback=yes

It is ``none`` where a response failed without an exception. ``write_details`` and ``read_details`` know it.
"""

import re
from typing import NamedTuple
from urllib.parse import quote, unquote

TOKEN_VARIABLE = "LOCUST_ASYNCDJANGO_TOKEN"  # noqa: S105 - a name, not a token
"""The environment variable that gives a server the token of its start."""
APPLICATION_VARIABLE = "LOCUST_ASYNCDJANGO_APPLICATION"
"""The application that the probe wraps, as ``module:attribute``; empty for the one that Django makes itself."""
OVERLAY_VARIABLE = "LOCUST_ASYNCDJANGO_OVERLAY"
"""A folder of packages behind all others on the path of the server's process; empty for none."""
CHECKOUT_VARIABLE = "LOCUST_ASYNCDJANGO_CHECKOUT"
"""The folder of the user's own files and that of a revision in their place, with the separator of PATH; empty for the
files as they are."""

TOKEN_HEADER = "X-Locust-Asyncdjango-Token"  # noqa: S105 - a name, not a token
"""The header in which the lab, and the load generator in a trial, send the token."""
SENT_HEADER = "X-Locust-Asyncdjango-Sent"
"""When the generator sent a request: seconds since the epoch, with 6 decimals."""
NAME_HEADER = "X-Locust-Asyncdjango-Name"
"""The name of a request in the generator, percent-encoded where it is not ASCII."""
FAILURE_HEADER = "X-Locust-Asyncdjango-Failure"
"""The header of a response that names what failed."""

DETAILS_HEADER = "X-Locust-Asyncdjango-Details"
"""The header of a request that asks for the details of a failure, and that of the response which has them."""

PATH_PREFIX = "/.locust-asyncdjango/"
"""The beginning of the paths of the probe's pages. They answer to the token alone."""
PREFLIGHT_PATH = f"{PATH_PREFIX}preflight.json"
SLOTS_PATH = f"{PATH_PREFIX}slots"
FIGURES_PATH = f"{PATH_PREFIX}figures.json"
PREFLIGHT_FORMAT, FIGURES_FORMAT = "locust-asyncdjango preflight", "locust-asyncdjango figures"
"""The member ``format`` of the pages, by which a reader knows them from a page of the project."""

NAMES_LIMIT = 10
"""How many names of exceptions a failure header has at most."""
NAME_LIMIT = 200
"""How many characters of a name are written and read."""
REQUEST_NAME_LIMIT = 300
"""How many characters of a request's name are sent: as many as the results of a run have."""
TEXT_LIMIT = 300
"""How many characters of the text are written and read."""
DETAIL_LIMIT = 300
"""How many bytes of UTF-8 each of the details has at most."""
LOG_MARGIN = "probe> "
"""What each line of a failure's traceback in a server's log begins with. It is not why the server has ended."""
CUT = "…"
"""Where something of a detail is left out."""

_PRINTABLE = "".join(map(chr, range(0x20, 0x7F))).replace("%", "")
"""What a name in a header has unchanged."""
_NAME = re.compile(r"[A-Za-z_][\w.]*", re.ASCII)
_SQLSTATE = re.compile(r"[0-9A-Z]{5}")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class ServerFailure(NamedTuple):
    """What a server's process says about the exception that made a response fail; "" and () for what is unknown.

    names: the dotted names of the exception's class and of those that it wraps, outermost first.
    sqlstate, library, text: see the module.
    """

    names: tuple[str, ...] = ()
    sqlstate: str = ""
    library: str = ""
    text: str = ""


class FailureDetails(NamedTuple):
    """What the lab learns about an exception where it asks; "" for what is unknown.

    error, text, place: the name of the exception's class, its message, which may be cut, and the line that raised it.
    cause, cause_text, cause_place: the same of the innermost exception that it wraps, where that one says more.
    traceback: not empty where the log of the server has the traceback.
    """

    error: str = ""
    text: str = ""
    place: str = ""
    cause: str = ""
    cause_text: str = ""
    cause_place: str = ""
    traceback: str = ""


def environ_key(header: str) -> str:
    """Return where WSGI's environ, and ``META`` of Django's requests, have a header."""
    return "HTTP_" + header.upper().replace("-", "_")


def write_name(name: str) -> str:
    """Return the value of NAME_HEADER. ``unquote`` makes the name of it again, up to REQUEST_NAME_LIMIT characters."""
    return quote(name[:REQUEST_NAME_LIMIT].encode("utf-8", "replace"), safe=_PRINTABLE)


def write_failure(failure: ServerFailure) -> str:
    """Return the header's value. Names that are no dotted names of ASCII are left out, and so is a wrong SQLSTATE."""
    items = [name for name in failure.names if len(name) <= NAME_LIMIT and _NAME.fullmatch(name)][:NAMES_LIMIT]
    if _SQLSTATE.fullmatch(failure.sqlstate):
        items.append(f"sqlstate={failure.sqlstate}")
    if _NAME.fullmatch(failure.library):
        items.append(f"library={failure.library[:NAME_LIMIT]}")
    if text := _one_line(failure.text):
        items.append(f"text={quote(text, safe=' ')}")
    return ";".join(items)


def read_failure(value: str) -> ServerFailure:
    """Return what a failure header says. It raises nothing: whatever is not of the grammar is left out."""
    items = [item.strip() for item in value.split(";")]
    names = [item for item in items if len(item) <= NAME_LIMIT and _NAME.fullmatch(item)]
    values = {key: unquote(text) for key, separator, text in (item.partition("=") for item in items) if separator}
    sqlstate, library = values.get("sqlstate", ""), values.get("library", "")
    return ServerFailure(
        tuple(names[:NAMES_LIMIT]),
        sqlstate if _SQLSTATE.fullmatch(sqlstate) else "",
        library[:NAME_LIMIT] if _NAME.fullmatch(library) else "",
        _one_line(values.get("text", "")),
    )


def write_details(details: FailureDetails) -> str:
    """Return the value of DETAILS_HEADER: printable ASCII of a bounded length."""
    values = zip(details._fields, map(_cut, details), strict=True)
    return ";".join(f"{name}={quote(value, safe=' /:()')}" for name, value in values if value) or "none"


def read_details(value: str) -> FailureDetails:
    """Return what a header of details says. It raises nothing: whatever is not of the grammar is left out."""
    items = (item.partition("=") for item in value[: 6 * len(FailureDetails._fields) * DETAIL_LIMIT].split(";"))
    return FailureDetails(**{name: unquote(text) for name, _, text in items if name in FailureDetails._fields})


def _cut(text: str) -> str:
    data = text[: DETAIL_LIMIT + 1].encode("utf-8", "replace")
    if len(data) <= DETAIL_LIMIT:
        return data.decode()
    return data[: DETAIL_LIMIT - len(CUT.encode())].decode("utf-8", "ignore") + CUT


def _one_line(text: str) -> str:
    # A lone surrogate cannot be encoded.
    return _CONTROLS.sub(" ", text[: 4 * TEXT_LIMIT].encode("utf-8", "replace").decode()).strip()[:TEXT_LIMIT].strip()
