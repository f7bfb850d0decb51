"""The table of failures, by its signs: which row fits what an answer says, or what was raised."""

import re
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from operator import itemgetter
from typing import Any

from locust_asyncdjango.failures.evidence import Evidence, causes, said_by
from locust_asyncdjango.failures.model import Rule, Words
from locust_asyncdjango.failures.postgres_messages import english
from locust_asyncdjango.failures.rules import RULES, UNTELLING_SQLSTATES


def _index(signs: Callable[[Rule], Collection[str | int]]) -> dict[str | int, Rule]:
    """Row by sign; a sign of several rows is the first one's."""
    found: dict[str | int, Rule] = {}
    for row in RULES:
        for sign in signs(row):
            found.setdefault(sign, row)
    return found


_WORD = re.compile(r"[a-z]{3,}")
# Which rows to try for a word of a text, each with its place in the table.
_WordIndex = dict[str, list[tuple[int, Words, Rule]]]


def _index_of_words(
    rows: Iterable[Rule], words_of: Callable[[Rule], tuple[Words, ...]] = lambda row: row.words
) -> _WordIndex:
    """By one word of each sign: a text without it need not be searched, and most texts have none of them."""
    found: _WordIndex = {}
    for place, row in enumerate(rows):
        for words in words_of(row):
            known = _WORD.findall(words if isinstance(words, str) else words.pattern)
            # The last may go on in the text: "rate limit" is in "rate limited".
            found.setdefault(max(known[:-1] or known, key=len), []).append((place, words, row))
    return found


_BY_SQLSTATE = _index(lambda row: row.sqlstates)
_BY_NAME = _index(lambda row: row.names)
_BY_LIBRARY = _index(lambda row: row.libraries)
_BY_STATUS = _index(lambda row: row.statuses)
_BY_ERRNO = _index(lambda row: row.errnos)
_BY_WORDS = _index_of_words(RULES)
_BY_DRIVERS_WORDS = _index_of_words(RULES, lambda row: row.driver_words)
_BY_WORDS_OF_LIMITS = _index_of_words(row for row in RULES if row.kind == "overloaded")
_BY_RAISED = _index(lambda row: [sign for sign in row.raised if ": " not in sign])
_WITH_WORDS: dict[str, list[tuple[str, Rule]]] = {}
for _row in RULES:
    for _name, _, _said in (sign.partition(": ") for sign in _row.raised if ": " in sign):
        _WITH_WORDS.setdefault(_name, []).append((_said, _row))
_CHECKS = {"CatchResponseError", "ResponseError", "AssertionError"}

_OF_STATUS = {"LocustBadStatusCode", "BadStatusCode", "HTTPError", "HTTPStatusError", "ClientResponseError"}
"""What clients raise for an answer's status."""

# PEP 249's names of errors, which a debug page shows without their library.
_DB_API = {"OperationalError", "InternalError", "InterfaceError", "DatabaseError"}
# urllib3 1 derives the first from its TimeoutError, whatever it wraps; the next two wrap a server's silence, too; the
# last is of a header that the locustfile would send.
_NOT_BY_CLASS = {
    "NewConnectionError",
    "requests.exceptions.SSLError",
    "urllib3.exceptions.SSLError",
    "requests.exceptions.InvalidHeader",
}


def by_status(status: int, form: str) -> Rule:
    """The row of an answer that says no more than its status, which is 400 or more."""
    row = _BY_STATUS.get(status, _BY_STATUS[500])
    # A proxy says that it got no good answer in HTML, or without a word. What says it in JSON is the application.
    return _BY_STATUS[500] if row.kind == "gateway_bad" and form == "json" else row


def by_evidence(said: Evidence, *, by_words: bool = True) -> Rule | None:
    """The row that fits an error best: by its SQLSTATE, its name, its words in any language, or its library."""
    row = _by_sqlstate(said.sqlstate) or _by_name(said.names, said.library)
    if row is not None:
        return _placed(row, said.text)
    of_library = _by_library(said.names, said.library)
    row = _by_words(said, of_library) if by_words else None
    return row or of_library


def by_limit(text: str) -> Rule | None:
    """The row of words that speak of too many requests."""
    return _found_in(text, _BY_WORDS_OF_LIMITS)


def by_broken_connection(exception: BaseException) -> tuple[Rule, BaseException] | None:
    """As by_raised, of an exception with which an answer broke off; by its class alone."""
    if type(exception).__name__ in _OF_STATUS:
        return None
    return next(((row, each) for each in causes(exception) if (row := _by_class(each)) is not None), None)


def by_raised(exception: BaseException) -> tuple[Rule, BaseException] | None:
    """The row of an exception of the generator's own, by errno, class or words of it or of a cause; and which tells."""
    found = list(causes(exception))
    for by in (_by_class, _by_what_was_raised):
        for cause in found:
            if not _of_a_service(cause) and (row := by(cause)) is not None:
                return row, cause
    return None


def is_check(exception: BaseException) -> bool:
    """Whether a locustfile's own check raised it."""
    kind: Any = type(exception)
    return _is_of_check(kind)


@lru_cache(maxsize=256)
def _is_of_check(kind: type[BaseException]) -> bool:
    return any(base.__name__ in _CHECKS for base in kind.__mro__)


def is_of_a_service(exception: BaseException) -> bool:
    """Whether a driver of a database, cache or broker raised it; the errors of HTTP clients are the generator's own."""
    return any(map(_of_a_service, causes(exception)))


def _of_a_service(exception: BaseException) -> bool:
    row = _of_module(type(exception).__module__)
    return row is not None and row.kind != "upstream_failure"


def _by_class(exception: BaseException) -> Rule | None:
    if (row := _BY_ERRNO.get(getattr(exception, "errno", None) or 0)) is not None:
        return row
    raised = type(exception)
    for base in () if {raised.__name__, f"{raised.__module__}.{raised.__name__}"} & _NOT_BY_CLASS else raised.__mro__:
        if base.__name__ in _WITH_WORDS and (row := _by_what_was_raised(exception, base.__name__)):
            return row
        if base.__name__ in _BY_RAISED:
            return _BY_RAISED[base.__name__]
    return None


def _by_what_was_raised(exception: BaseException, name: str = "") -> Rule | None:
    said = said_by(exception).lower()
    return next((row for words, row in _WITH_WORDS.get(name, ()) if words in said), None)


def _by_sqlstate(sqlstate: str) -> Rule | None:
    if not sqlstate or sqlstate in UNTELLING_SQLSTATES:
        return None
    return _BY_SQLSTATE.get(sqlstate) or _BY_SQLSTATE.get(sqlstate[:3]) or _BY_SQLSTATE.get(sqlstate[:2])


@lru_cache(maxsize=256)
def _by_name(names: tuple[str, ...], library: str) -> Rule | None:
    for name in names:
        module, _, last = name.rpartition(".")
        root = (module or library).partition(".")[0]
        for sign in (f"{library}.{last}", f"{root}.{last}", last):
            if sign in _BY_NAME:
                return _BY_NAME[sign]
    return None


def _placed(row: Rule, text: str) -> Rule:
    """The row whose place the words tell: PostgreSQL has one SQLSTATE for all limits on connections, and what a pooler
    says as it ends a connection comes under the driver's own name for that."""
    if not text or not (row.where or row.kind == "db_unreachable"):
        return row
    found = _found_in(text, _BY_WORDS) or _found_in(english(text), _BY_WORDS)
    return found if found and (found.kind == row.kind or found.where == "pooler") else row


def _by_words(said: Evidence, of_library: Rule | None) -> Rule | None:
    row = _found_in(said.text, _BY_WORDS)
    from_database = (of_library is not None and of_library.kind == "db_error") or not _DB_API.isdisjoint(said.names)
    if row is None and from_database:
        row = _found_in(said.text, _BY_DRIVERS_WORDS)
    # "connection to server at ... failed" is libpq's own; why it failed the server may say in another language.
    foreign = from_database or ":  " in said.text if row is None else row.kind == "db_unreachable"
    return (_found_in(english(said.text), _BY_WORDS) if foreign else None) or row


def _found_in(text: str, signs: _WordIndex) -> Rule | None:
    text = text.lower()
    to_try = [sign for word in set(_WORD.findall(text)) for sign in signs.get(word, ())]
    for _, words, row in sorted(to_try, key=itemgetter(0)):
        if words in text if isinstance(words, str) else words.search(text):
            return row
    return None


@lru_cache(maxsize=256)
def _by_library(names: tuple[str, ...], library: str) -> Rule | None:
    modules = (*(name.rpartition(".")[0] for name in names), library)
    return next((row for module in modules if (row := _of_module(module))), None)


@lru_cache(maxsize=256)
def _of_module(module: str) -> Rule | None:
    root, _, rest = module.partition(".")
    return _BY_LIBRARY.get(f"{root}.{rest.partition('.')[0]}") or _BY_LIBRARY.get(root)
