"""The English of what PostgreSQL says in its other languages, so that rules for English serve them all.

A server speaks the language of its lc_messages. When it refuses a connection, libpq hands on its text alone, without
the SQLSTATE: `connection to server at "::1", port 5432 failed: FATAL:  tut mir leid, schon zu viele Verbindungen`.
The severity before the colon and two spaces is in that language too, the colon is always ASCII (PostgreSQL,
src/interfaces/libpq/fe-protocol3.c: pqBuildErrorMessage3).
"""

import functools
import re
from collections.abc import Iterator
from importlib import resources
from itertools import islice

TEXT_LIMIT = 2000
"""Characters of a text that are looked at."""

CANDIDATE_LIMIT = 20
"""Parts of a text that are looked up."""

MESSAGE_LIMIT = 500
"""Characters of the longest part that is looked up; PostgreSQL's have 200 and the names in them."""

_DATA = "postgres_messages.txt"

# What differs from one occurrence to the next, and what stands for it in a catalogue.
_VARYING = re.compile(
    r"""
    "[^"]*" | "[^\s",]*                     # the second for ja: its message on pg_hba.conf lacks a closing quote
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


def english(text: str) -> str:
    """PostgreSQL's or libpq's message in a text, in English; "" if it is in English already, or unknown.

    The English is PostgreSQL's own pattern: `too many connections for role "%s"`, without the names of the text.
    text: plain text, not HTML, which has to be unescaped first.
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
    """The parts of a text that may be a message, likeliest first, each once."""
    seen = {""}
    for part in _parts([line.strip() for line in text.splitlines()]):
        if part not in seen and len(part) <= MESSAGE_LIMIT:
            seen.add(part)
            yield part


def _parts(lines: list[str]) -> Iterator[str]:
    for separator in (":  ", ": "):
        for line in lines:
            pieces = line.split(separator)
            # The line too, for a message that has the separator itself or no severity before it.
            yield from (separator.join(pieces[start:]) for start in range(min(len(pieces), CANDIDATE_LIMIT)))
    # A message before the system's own: `could not extend file "x": No space left on device`.
    for line in lines:
        yield from re.split(r"\s*(?::\s+|\uff1a)", line)[:CANDIDATE_LIMIT]


def _key(message: str) -> str:
    return " ".join(_VARYING.sub("*", message).split()).rstrip(" .。")


@functools.cache
def _messages() -> dict[str, str]:
    """Key -> English; "" for the key of an English message."""
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
        # Too little is left of a language without Latin letters.
        if known and folded != key and len(re.findall("[a-z]", folded)) > len(key) // 2:
            lost.setdefault(folded, set()).add(known)
    return {folded: known.pop() for folded, known in lost.items() if len(known) == 1} | messages
