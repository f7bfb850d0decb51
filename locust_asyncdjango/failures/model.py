"""What a row of the table of failures is."""

import re
from dataclasses import dataclass

Words = str | re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed request: its kind, which part it comes from, a normalised message, and what to do about it.

    where: the place within that part, where it matters: for db_too_many_clients server, role, database or pooler.
    """

    kind: str
    origin: str
    message: str
    advice: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """origin: the part that a failure comes from. advice: what to do about it, one line."""

    origin: str
    advice: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind and its signs.

    where: the place within its origin, where that changes what to do; ``advice`` then says what. sqlstates: whole ones,
    or their first two or three characters. names: of exceptions that an answer tells of, or that a driver raised in the
    locustfile; ``library.Name``, or ``Name`` of any. words: of the error, in lower case. driver_words: that count only
    where a database's driver raised. libraries: that raised what has no better sign. statuses: HTTP's. raised:
    exceptions of the generator's own, by class or base; ``Name: words`` where words decide, ``: words`` for what no
    class tells. errnos: theirs.
    """

    kind: str
    where: str = ""
    sqlstates: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    words: tuple[Words, ...] = ()
    driver_words: tuple[Words, ...] = ()
    libraries: tuple[str, ...] = ()
    statuses: tuple[int, ...] = ()
    raised: tuple[str, ...] = ()
    errnos: tuple[int, ...] = ()
    advice: str = ""
