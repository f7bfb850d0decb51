"""Find the rule that fits the evidence.

This is the second step of a classification: evidence in, rule out. The functions here know the rules only through
indexes, which are made once from the tables in ``rules`` and ``exception_rules``, so that a failure is not compared
with each rule in turn.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import lru_cache
from operator import itemgetter

from locust_asyncdjango.failures.evidence import Evidence, ExceptionEvidence
from locust_asyncdjango.failures.model import Phrase, Rule
from locust_asyncdjango.failures.postgres_messages import to_english
from locust_asyncdjango.failures.rules import RULES, UNSPECIFIC_SQLSTATES

_WORD = re.compile(r"[a-z]{3,}")
_PhraseIndex = dict[str, list[tuple[int, Phrase, Rule]]]
"""A word -> the phrases to search for where a text has that word, each with its place in the table and its rule."""


def _index(criteria: Callable[[Rule], Collection[str | int]]) -> dict[str | int, Rule]:
    """Return the rule of each criterion. Where several rules have the same one, the first of them gets it."""
    index: dict[str | int, Rule] = {}
    for rule in RULES:
        for criterion in criteria(rule):
            index.setdefault(criterion, rule)
    return index


def _index_phrases(
    rules: Iterable[Rule], phrases_of: Callable[[Rule], tuple[Phrase, ...]] = lambda rule: rule.phrases
) -> _PhraseIndex:
    """Return phrases by one word of each. Most texts contain none of these words, and need not be searched further."""
    index: _PhraseIndex = {}
    for place, rule in enumerate(rules):
        for phrase in phrases_of(rule):
            words = _WORD.findall(phrase if isinstance(phrase, str) else phrase.pattern)
            # Not the last word, which may be longer in the text: "rate limit" is a part of "rate limited".
            index.setdefault(max(words[:-1] or words, key=len), []).append((place, phrase, rule))
    return index


def _index_client_exceptions() -> dict[str, list[tuple[str, Rule]]]:
    """Return, by the name of a class, the phrases to search for and their rules; the phrase "" fits always.

    Phrases come first. The class "" stands for any.
    """
    with_phrase: dict[str, list[tuple[str, Rule]]] = {}
    by_class: dict[str, list[tuple[str, Rule]]] = {}
    for rule in RULES:
        for criterion in rule.client_exceptions:
            name, separator, phrase = criterion.partition(": ")
            if separator:
                with_phrase.setdefault(name, []).append((phrase, rule))
            else:
                by_class.setdefault(name, [("", rule)])
    return {name: with_phrase.get(name, []) + by_class.get(name, []) for name in with_phrase | by_class}


_BY_SQLSTATE = _index(lambda rule: rule.sqlstates)
_BY_NAME = _index(lambda rule: rule.exception_names)
_BY_LIBRARY = _index(lambda rule: rule.libraries)
_BY_STATUS = _index(lambda rule: rule.statuses)
_BY_ERRNO = _index(lambda rule: rule.errnos)
_BY_CLIENT_EXCEPTION = _index_client_exceptions()
_PHRASES = _index_phrases(RULES)
_DRIVER_PHRASES = _index_phrases(RULES, lambda rule: rule.driver_phrases)
_LIMIT_PHRASES = _index_phrases(rule for rule in RULES if rule.kind == "overloaded")

_CHECKS = {"CatchResponseError", "ResponseError", "AssertionError"}
_STATUS_ERRORS = {"LocustBadStatusCode", "BadStatusCode", "HTTPError", "HTTPStatusError", "ClientResponseError"}
# PEP 249's names of errors, which a debug page shows without their library.
_DB_API = {"OperationalError", "InternalError", "InterfaceError", "DatabaseError"}
# Classes that say less than what they wrap. urllib3 1 derives the first from its TimeoutError, whatever it wraps. The
# next two also wrap timeouts of a server. The last is about a header that the locustfile wanted to send.
_AMBIGUOUS_CLASSES = {
    "NewConnectionError",
    "requests.exceptions.SSLError",
    "urllib3.exceptions.SSLError",
    "requests.exceptions.InvalidHeader",
}


def rule_for_status(status: int, form: str) -> Rule:
    """Return the rule for a response of which only the status is known.

    status: 400 or more. form: as in Evidence.
    """
    rule = _BY_STATUS.get(status, _BY_STATUS[500])
    # A proxy reports an invalid response in HTML or without a body. An error in JSON comes from the application.
    return _BY_STATUS[500] if rule.kind == "gateway_bad" and form == "json" else rule


def rule_for_evidence(evidence: Evidence, *, by_phrases: bool = True) -> Rule | None:
    """Return the rule that fits best: by SQLSTATE, else by exception name, else by phrase, else by library.

    by_phrases: whether phrases count. Those of PostgreSQL are known in all its languages.
    """
    rule = _by_sqlstate(evidence.sqlstate) or _by_name(evidence.names, evidence.library)
    if rule is not None:
        return _with_place(rule, evidence.text)
    library_rule = _by_library(evidence.names, evidence.library)
    rule = _by_phrase(evidence, library_rule) if by_phrases else None
    return rule or library_rule


def rule_for_limit(text: str) -> Rule | None:
    """Return the rule for a text that says that there were too many requests; None if it does not say so."""
    return _search(text, _LIMIT_PHRASES)


def rule_for_broken_connection(chain: Iterable[ExceptionEvidence]) -> tuple[Rule, str] | None:
    """Return the rule for a response that broke off, and the description of the exception that decided.

    Only errno and class count.
    """
    return next(((rule, each.description) for each in chain if (rule := _by_class(each)) is not None), None)


def rule_for_client_exception(chain: Sequence[ExceptionEvidence]) -> tuple[Rule, str] | None:
    """Return the rule for an exception of the load generator's own, and the description of the one that decided.

    Errno and class of each exception count first, then phrases. Exceptions of database, cache and broker drivers are
    skipped.
    """
    for rule_for in (_by_class, _by_client_phrase):
        for each in chain:
            if not _is_service_class(each.names[0]) and (rule := rule_for(each)) is not None:
                return rule, each.description
    return None


@lru_cache(maxsize=256)
def is_check(names: tuple[str, ...]) -> bool:
    """Return whether a check of the locustfile's own raises exceptions of a class.

    names: as in ExceptionEvidence.
    """
    return any(_last_part(name) in _CHECKS for name in names)


def is_status_error(class_name: str) -> bool:
    """Return whether an HTTP client raises exceptions of a class for a response's status. class_name: its last part."""
    return class_name in _STATUS_ERRORS


def is_from_service(chain: Iterable[ExceptionEvidence]) -> bool:
    """Return whether a driver of a database, cache or broker raised one of these.

    The errors of HTTP clients count as the generator's own.
    """
    return any(_is_service_class(each.names[0]) for each in chain)


@lru_cache(maxsize=256)
def _is_service_class(name: str) -> bool:
    rule = _by_module(name.rpartition(".")[0])
    return rule is not None and rule.kind != "upstream_failure"


def _by_class(exception: ExceptionEvidence) -> Rule | None:
    if (rule := _BY_ERRNO.get(exception.errno)) is not None:
        return rule
    return _first_fitting(_class_criteria(exception.names), exception.text)


def _by_client_phrase(exception: ExceptionEvidence) -> Rule | None:
    return _first_fitting(_BY_CLIENT_EXCEPTION[""], exception.text)


@lru_cache(maxsize=256)
def _class_criteria(names: tuple[str, ...]) -> Sequence[tuple[str, Rule]]:
    """Return the criteria of a class and its bases, as in _BY_CLIENT_EXCEPTION, in the order to try them."""
    if {names[0], _last_part(names[0])} & _AMBIGUOUS_CLASSES:
        return ()
    return [each for name in names for each in _BY_CLIENT_EXCEPTION.get(_last_part(name), ())]


def _last_part(name: str) -> str:
    return name.rpartition(".")[2]


def _first_fitting(criteria: Sequence[tuple[str, Rule]], text: str) -> Rule | None:
    if not criteria:
        return None
    if not criteria[0][0]:
        return criteria[0][1]
    text = text.lower()
    return next((rule for phrase, rule in criteria if phrase in text), None)


def _by_sqlstate(sqlstate: str) -> Rule | None:
    if not sqlstate or sqlstate in UNSPECIFIC_SQLSTATES:
        return None
    return _BY_SQLSTATE.get(sqlstate) or _BY_SQLSTATE.get(sqlstate[:3]) or _BY_SQLSTATE.get(sqlstate[:2])


@lru_cache(maxsize=256)
def _by_name(names: tuple[str, ...], library: str) -> Rule | None:
    for name in names:
        module, _, last = name.rpartition(".")
        root = (module or library).partition(".")[0]
        for criterion in (f"{library}.{last}", f"{root}.{last}", last):
            if criterion in _BY_NAME:
                return _BY_NAME[criterion]
    return None


def _with_place(rule: Rule, text: str) -> Rule:
    """Return the rule of the same kind whose place the text names.

    PostgreSQL has one SQLSTATE for all limits on connections. A message that a pooler sends before it ends a connection
    is reported by the driver as a lost connection.
    """
    if not text or not (rule.where or rule.kind == "db_unreachable"):
        return rule
    located = _search(text, _PHRASES) or _search(to_english(text), _PHRASES)
    return located if located and (located.kind == rule.kind or located.where == "pooler") else rule


def _by_phrase(evidence: Evidence, library_rule: Rule | None) -> Rule | None:
    rule = _search(evidence.text, _PHRASES)
    from_database = (library_rule is not None and library_rule.kind == "db_error") or not _DB_API.isdisjoint(
        evidence.names
    )
    if rule is None and from_database:
        rule = _search(evidence.text, _DRIVER_PHRASES)
    # libpq says "connection to server at ... failed" in English. The server's reason may be in another language.
    translate = from_database or ":  " in evidence.text if rule is None else rule.kind == "db_unreachable"
    return (_search(to_english(evidence.text), _PHRASES) if translate else None) or rule


def _search(text: str, index: _PhraseIndex) -> Rule | None:
    """Return the first rule of the table that has a phrase in the text; None without one."""
    text = text.lower()
    candidates = [entry for word in set(_WORD.findall(text)) for entry in index.get(word, ())]
    for _, phrase, rule in sorted(candidates, key=itemgetter(0)):
        if phrase in text if isinstance(phrase, str) else phrase.search(text):
            return rule
    return None


@lru_cache(maxsize=256)
def _by_library(names: tuple[str, ...], library: str) -> Rule | None:
    modules = (*(name.rpartition(".")[0] for name in names), library)
    return next((rule for module in modules if (rule := _by_module(module))), None)


@lru_cache(maxsize=256)
def _by_module(module: str) -> Rule | None:
    root, _, rest = module.partition(".")
    return _BY_LIBRARY.get(f"{root}.{rest.partition('.')[0]}") or _BY_LIBRARY.get(root)
