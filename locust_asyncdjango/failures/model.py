"""The types that all modules of ``failures`` share: Failure, the kind of a failure, and a rule that recognises one.

Start reading in ``classify``.
"""

import re
from dataclasses import dataclass

Phrase = str | re.Pattern[str]
"""Text to search for in an error: a part of the text in lower case, or a pattern."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Describe one failed request: what failed, where, and what to do about it.

    ``classify`` returns it, and ``FailedRequestError.failure`` holds it. It is immutable and can be compared.

    kind: the name of the failure's kind, such as "db_too_many_clients" or "timeout"; docs/failures.md lists them all.
        It may also be a kind that the locustfile has added with ``add_rule``.
    origin: the part that the failure comes from: "database", "cache", "upstream", "gateway", "server", "network",
        "generator" (the machine that makes the load), "check" (the locustfile's own check), or an origin that was
        passed to ``add_rule``.
    message: one line of at most 210 characters. Numbers, identifiers, addresses and quoted names are replaced by "N",
        "ID", "ADDRESS" and '"..."', so that failures of the same sort have the same message. Passwords are removed.
    advice: one line that says what to do.
    where: the place within the origin, if the advice depends on it, else "". For "db_too_many_clients" it is "server",
        "role", "database" or "pooler"; for "db_pool_timeout" "pool" or "pooler".

    >>> failure = classify(status=500, body=b"FATAL:  sorry, too many clients already")
    >>> failure.kind, failure.origin, failure.where
    ('db_too_many_clients', 'database', 'server')
    """

    kind: str
    origin: str
    message: str
    advice: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """Hold what all failures of one kind have in common.

    origin: the part that they come from, as in ``Failure``. advice: what to do about them, in one line.
    """

    origin: str
    advice: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Hold the criteria by which failures of one kind, or of one place within it, are recognised.

    A failure has to meet one criterion, not all of them. ``rules`` says which criterion counts more.

    kind: the kind of the failures. where: the place, as in ``Failure``. advice: what to do, if the kind's own advice is
        not good enough for this place.
    sqlstates: whole SQLSTATE codes, or their first two or three characters.
    exception_names: exceptions that a response names, or that a driver raised in the locustfile: ``library.Name``, or
        ``Name`` of any library.
    phrases: text of the error. driver_phrases: the same, but they count only where a database driver raised the error.
    libraries: modules that raised an error about which nothing better is known.
    statuses: HTTP statuses.
    client_exceptions: exceptions of the load generator's own client: the name of a class or of one of its bases;
        ``Name: phrase`` where the phrase decides; ``: phrase`` for a phrase in an exception of any class.
    errnos: the error numbers of such exceptions.
    """

    kind: str
    where: str = ""
    sqlstates: tuple[str, ...] = ()
    exception_names: tuple[str, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    driver_phrases: tuple[Phrase, ...] = ()
    libraries: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    client_exceptions: tuple[str, ...] = ()
    errnos: tuple[int, ...] = ()
    advice: str = ""
