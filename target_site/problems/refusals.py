"""Recognise how a database refuses or ends a connection, and say it in fixed words.

A driver's message has hosts and users in it, and may have a row. None of it is passed on: a message that is known here
is replaced by an SQLSTATE and by words of these tables, and any other is dropped.
"""

import functools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TEXT_LIMIT = 2000
"""How many characters of a message are read."""


class Refusal(NamedTuple):
    """What is known of a refused or lost connection. words: empty where it is not known why."""

    sqlstate: str
    words: str


LOST = "08006"
"""The SQLSTATE "connection failure", for what drivers give none."""

UNREACHABLE = Refusal(LOST, "")

Phrases = tuple[tuple[str, str, str], ...]
"""A phrase in lower case, and the SQLSTATE and the words for a message that has it. The first phrase counts."""

# The errors of poolers. PgBouncer gives them the SQLSTATE 08P01.
POOLER_PHRASES: Phrases = (
    ("no more connections allowed", "08P01", "no more connections allowed (max_client_conn)"),
    ("max_client_conn", "08P01", "no more connections allowed (max_client_conn)"),
    ("max_db_client_connections", "08P01", "client connections exceeded (max_db_client_connections)"),
    ("max_user_client_connections", "08P01", "client connections exceeded (max_user_client_connections)"),
    ("max client connections reached", "08P01", "max client connections reached"),
    ("maxclientsinsessionmode", "08P01", "MaxClientsInSessionMode: max clients reached"),
    ("max clients reached", "08P01", "max clients reached"),
    ("query_wait_timeout", "08P01", "query_wait_timeout"),
    ("unable to check out process from the pool", "08P01", "unable to check out process from the pool"),
    ("unable to check out connection from the pool", "08P01", "unable to check out connection from the pool"),
    # PgBouncer repeats what the server behind it said.
    ("too many clients already", "53300", "sorry, too many clients already"),
    ("remaining connection slots are reserved", "53300", "remaining connection slots are reserved"),
    ("too many connections for role", "53300", 'too many connections for role "..."'),
    ("too many connections for database", "53300", 'too many connections for database "..."'),
    ("server_login_retry", LOST, "server login has been failing (server_login_retry)"),
    ("server login has been failing", LOST, "server login has been failing"),
)
# What drivers say of a connection that was open: psycopg2, psycopg, asyncpg and libpq.
CLOSED_PHRASES: Phrases = (
    ("server closed the connection unexpectedly", LOST, "server closed the connection unexpectedly"),
    ("ssl connection has been closed unexpectedly", LOST, "SSL connection has been closed unexpectedly"),
    ("ssl syscall error", LOST, "SSL SYSCALL error"),
    ("could not receive data from server", LOST, "could not receive data from server"),
    ("could not send data to server", LOST, "could not send data to server"),
    ("no message from the libpq", LOST, "server closed the connection unexpectedly"),
    ("closed in the middle of operation", "08003", "connection was closed in the middle of operation"),
    ("connection already closed", "08003", "connection already closed"),
    ("connection is closed", "08003", "the connection is closed"),
    ("connection is lost", "08003", "the connection is lost"),
    ("no connection to the server", "08003", "no connection to the server"),
)
# What keeps a driver from connecting. The last ones are the names of Python's exceptions.
CONNECTING_PHRASES: Phrases = (
    ("no pg_hba.conf entry", "28000", "no pg_hba.conf entry for this host, user and database"),
    ("pg_hba.conf rejects connection", "28000", "pg_hba.conf rejects the connection"),
    ("authentication failed", "28P01", "authentication failed"),
    ("permission denied for database", "42501", 'permission denied for database "..."'),
    ("does not support ssl", LOST, "TLS is wanted, and the server does not offer it"),
    ("rejected ssl upgrade", LOST, "TLS is wanted, and the server does not offer it"),
    ("certificate", LOST, "TLS: a certificate was not accepted"),
    ("ssl", LOST, "TLS failed"),
    ("connection refused", LOST, "Connection refused"),
    ("connect call failed", LOST, "Connection refused"),
    ("could not translate host name", LOST, "the host's name is not known"),
    ("failed to resolve host", LOST, "the host's name is not known"),
    ("no such file or directory", LOST, "there is no such socket"),
    ("no route to host", LOST, "No route to host"),
    ("network is unreachable", LOST, "Network is unreachable"),
    ("timeout expired", LOST, "no answer in time"),
    ("timed out", LOST, "no answer in time"),
    ("reset by peer", LOST, "Connection reset by peer"),
    ("connectionreseterror", LOST, "Connection reset by peer"),
    ("gaierror", LOST, "the host's name is not known"),
    ("timeouterror", LOST, "no answer in time"),
)
# Databases other than PostgreSQL, which a project with this middleware may have.
OTHER_DATABASES_PHRASES: Phrases = (
    ("database is locked", "", "database is locked"),
    ("database table is locked", "", "database table is locked"),
    ("unable to open database file", "", "unable to open database file"),
    ("lock wait timeout exceeded", "", "Lock wait timeout exceeded"),
    ("deadlock found when trying to get lock", "40001", "Deadlock found when trying to get lock"),
    ("too many connections", "08004", "Too many connections"),
    ("mysql server has gone away", LOST, "MySQL server has gone away"),
    ("lost connection to mysql server", LOST, "Lost connection to MySQL server"),
    ("can't connect to", LOST, "Can't connect to server"),
)

_MESSAGES = "postgres_refusals.txt"
# A name in quotes. A comma ends it where the closing quote is missing, as in a Japanese message on pg_hba.conf.
_NAME = re.compile(
    r"""
    "[^"]*" | "[^\s",]*
    | «[^«»]*» | »[^«»]*« | <<[^<>]*>> | >>[^<>]*<<
    | „[^„“”]*[“”] | “[^“”]*” | \u2018[^\u2018\u2019]*\u2019 | 「[^「」]*」 | 『[^『』]*』
    | `[^`']*[`'] | (?<!\w)'[^']*'(?!\w)
    """,
    re.VERBOSE,
)
# What else differs: the place of a name in the data, numbers, and words in capitals such as SUPERUSER.
_VARYING = re.compile(r"%(?:\d\$)?[ds]|\d+|(?<![A-Za-z])[A-Z]{2,}(?![A-Za-z])")
# What is left of a letter that the server (glibc) or the driver could not encode.
_LOST_LETTERS = re.compile(r"[^\x00-\x7f]+|\?+")


def refusal_by_message(text: str) -> Refusal | None:
    """Return the refusal for PostgreSQL's own message, in any of its languages, or None for any other text."""
    for candidate in _candidates(text[:TEXT_LIMIT]):
        key = _key(candidate)
        if known := _messages().get(key) or _messages().get(_LOST_LETTERS.sub("?", key)):
            return known
    return None


def refusal_by_phrase(text: str, *tables: Phrases) -> Refusal | None:
    """Return the refusal for the first phrase in these tables that the text has outside of quotes, or None."""
    lower = _NAME.sub('"', text[:TEXT_LIMIT]).lower()
    return next((Refusal(code, words) for table in tables for phrase, code, words in table if phrase in lower), None)


def _candidates(text: str) -> Iterator[str]:
    """Yield the parts of a text that may be PostgreSQL's message.

    libpq writes a severity in any language, a colon, two spaces, and then the message (fe-protocol3.c).
    """
    for line in text.splitlines():
        yield line.partition(":  ")[2]
        yield line


def _key(message: str) -> str:
    return " ".join(_VARYING.sub("*", _NAME.sub("*", message)).split()).rstrip(" .。")


@functools.cache
def _messages() -> dict[str, Refusal]:
    """Return the refusals by the key of their messages."""
    messages: dict[str, Refusal] = {}
    sqlstate = ""
    for line in Path(__file__).with_name(_MESSAGES).read_text("utf-8").splitlines():
        if not line.startswith("#"):
            own_sqlstate, _, message = line.partition("\t")
            sqlstate = own_sqlstate or sqlstate
            words = _NAME.sub('"..."', message).replace("%d", "N")
            messages.setdefault(_key(message), Refusal(sqlstate, words))
    return _without_letters(messages) | messages


def _without_letters(messages: dict[str, Refusal]) -> dict[str, Refusal]:
    """Return the messages in Latin letters as they are without the letters that ASCII lacks, if that is one only."""
    refusals: dict[str, set[Refusal]] = {}
    for key, refusal in messages.items():
        if len(re.findall("[a-z]", key)) > len(key) // 2:
            refusals.setdefault(_LOST_LETTERS.sub("?", key), set()).add(refusal)
    return {key: known.pop() for key, known in refusals.items() if len(known) == 1}
