"""Translate PostgreSQL's messages from its other languages to English, so that rules for English fit them all.

A server speaks the language of its lc_messages. When it refuses a connection, libpq passes on its text alone, without
the SQLSTATE: `connection to server at "::1", port 5432 failed: FATAL:  tut mir leid, schon zu viele Verbindungen`.
The severity before the colon and the two spaces is in that language too. The colon is always ASCII (PostgreSQL,
src/interfaces/libpq/fe-protocol3.c: pqBuildErrorMessage3).

The translations are in postgres_messages.txt, which tools/build_postgres_messages.py makes.
"""

import functools
import re
from collections.abc import Iterator
from importlib import resources
from itertools import islice

TEXT_LIMIT = 2000
"""How many characters of a text are read."""

CANDIDATE_LIMIT = 20
"""How many parts of a text are looked up."""

MESSAGE_LIMIT = 500
"""The longest part that is looked up, in characters. PostgreSQL's messages have up to 200, plus the names in them."""

_DATA = "postgres_messages.txt"

# What differs from one occurrence of a message to the next, and what stands for it in a catalogue.
_VARYING = re.compile(
    r"""
    "[^"]*" | "[^\s",]*                     # the second for ja, whose message on pg_hba.conf lacks a closing quote
    | »[^«»]*« | «[^«»]*» | <<[^<>]*>> | >>[^<>]*<<    # what glibc makes of « » where LC_CTYPE is C
    | „[^„“”]*[“”] | “[^“”]*” | \u2018[^\u2018\u2019]*\u2019 | 「[^「」]*」 | 『[^『』]*』
    | `[^`']*[`'] | (?<!\w)'[^']*'(?!\w)    # no apostrophe
    | %(?:\d+\$)?[-+#0-9.]*(?:hh?|ll?|z)?[a-zA-Z]
    | (?<=\()[0-9a-fA-F.:]+(?=\))           # the address after a host's name
    | \d+
    | (?<![A-Za-z])[A-Z]{2,}(?:[ ][A-Z]{2,})*(?![A-Za-z])   # a command: INSERT, SELECT FOR UPDATE
    | (?<!\w)[A-Za-z]\w*\(\)                # a command: nextval()
    """,
    re.VERBOSE,
)

# A letter that the server or the driver could not encode is "?" (glibc) or U+FFFD (psycopg) in the text.
_LOST = re.compile(r"[^\x00-\x7f]+|\?+")


def to_english(text: str) -> str:
    """Return the English original of the PostgreSQL or libpq message in a text.

    text: plain text of one or more lines; HTML has to be unescaped first. The result is PostgreSQL's own pattern, such
    as `too many connections for role "%s"`, without the names in the text. It is "" when the message is in English
    already, or unknown.
    """
    for candidate in islice(_candidates(text[:TEXT_LIMIT]), CANDIDATE_LIMIT):
        key = _key(candidate)
        known = _messages().get(key)
        if known is None:
            known = _messages().get(_LOST.sub("?", key))
        if known is not None:
            return known
    return ""


def _candidates(text: str) -> Iterator[str]:
    """Yield the parts of a text that may be a message, the likeliest first, each once."""
    visited = {""}
    for part in _parts([line.strip() for line in text.splitlines()]):
        if part not in visited and len(part) <= MESSAGE_LIMIT:
            visited.add(part)
            yield part


def _parts(lines: list[str]) -> Iterator[str]:
    for separator in (":  ", ": "):
        for line in lines:
            pieces = line.split(separator)
            # The whole line too: a message may contain the separator, or have no severity before it.
            yield from (separator.join(pieces[start:]) for start in range(min(len(pieces), CANDIDATE_LIMIT)))
    # A message before that of the operating system: `could not extend file "x": No space left on device`.
    for line in lines:
        yield from re.split(r"\s*(?::\s+|\uff1a)", line)[:CANDIDATE_LIMIT]


def _key(message: str) -> str:
    return " ".join(_VARYING.sub("*", message).split()).rstrip(" .。")


@functools.cache
def _messages() -> dict[str, str]:
    """Return the English message by key; "" for the key of an English message."""
    messages: dict[str, str] = {}
    message = ""
    lines = resources.files(__package__).joinpath(_DATA).read_text("utf-8").splitlines()
    for line in lines:
        if line.startswith("\t"):
            messages.setdefault(_key(line.split("\t")[2]), message)
        elif not line.startswith("#"):
            message = line
            messages[_key(message)] = ""
    lost: dict[str, set[str]] = {}
    for key, known in messages.items():
        folded = _LOST.sub("?", key)
        # Too little is left of a message in a language without Latin letters.
        if known and folded != key and len(re.findall("[a-z]", folded)) > len(key) // 2:
            lost.setdefault(folded, set()).add(known)
    return {folded: known.pop() for folded, known in lost.items() if len(known) == 1} | messages
