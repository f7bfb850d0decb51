"""Print target_site/problems/postgres_refusals.txt: how PostgreSQL refuses or ends a connection, in its languages.

    python tools/build_postgres_refusals.py > target_site/problems/postgres_refusals.txt

It is a part of locust_asyncdjango/failures/postgres_messages.txt, with the SQLSTATE of each message. The site has its
own, because it imports nothing of locust_asyncdjango, and a project that startproject has written runs without it.
"""

from pathlib import Path

SOURCE = Path(__file__).parents[1] / "locust_asyncdjango" / "failures" / "postgres_messages.txt"

HEADER = """\
# How PostgreSQL refuses or ends a connection: SQLSTATE, TAB, message; then its translations, each after a TAB.
# Copyright (c) 1996-2026, The PostgreSQL Global Development Group; the PostgreSQL License,
# https://www.postgresql.org/about/licence/
# Made by tools/build_postgres_refusals.py, which says how; do not edit."""

# The SQLSTATE that PostgreSQL sends with each message. libpq does not pass it on where a connection fails.
SQLSTATES = {
    "canceling authentication due to timeout": "57014",
    'cannot connect to invalid database "%s"': "55000",
    "could not fork new process for connection": "57P03",
    'database "%s" does not exist': "3D000",
    'database "%s" is not currently accepting connections': "55000",
    'no pg_hba.conf entry for host "%s", user "%s", database "%s"': "28000",
    'number of requested standby connections exceeds "max_wal_senders" (currently %d)': "53300",
    "number of requested standby connections exceeds max_wal_senders (currently %d)": "53300",
    'password authentication failed for user "%s"': "28P01",
    'pg_hba.conf rejects connection for host "%s", user "%s", database "%s"': "28000",
    "remaining connection slots are reserved for non-replication superuser connections": "53300",
    'remaining connection slots are reserved for roles with privileges of the "%s" role': "53300",
    "remaining connection slots are reserved for roles with the %s attribute": "53300",
    'role "%s" does not exist': "28000",
    'role "%s" is not permitted to log in': "28000",
    "sorry, too many clients already": "53300",
    "terminating connection because of crash of another server process": "57P02",
    "terminating connection because of unexpected SIGQUIT signal": "57P01",
    "terminating connection due to administrator command": "57P01",
    "terminating connection due to conflict with recovery": "40001",
    "terminating connection due to idle-in-transaction timeout": "25P03",
    "terminating connection due to idle-session timeout": "57P05",
    "terminating connection due to immediate shutdown command": "57P01",
    "terminating connection due to transaction timeout": "25P04",
    "terminating connection due to unexpected postmaster exit": "57P01",
    "the database system is in recovery mode": "57P03",
    "the database system is not accepting connections": "57P03",
    "the database system is not yet accepting connections": "57P03",
    "the database system is shutting down": "57P03",
    "the database system is starting up": "57P03",
    'too many connections for database "%s"': "53300",
    'too many connections for role "%s"': "53300",
}


# Some translations have no quotes around these names. PostgreSQL's source gives them.
NAMES = {
    'remaining connection slots are reserved for roles with privileges of the "%s" role': "pg_use_reserved_connections",
    "remaining connection slots are reserved for roles with the %s attribute": "SUPERUSER",
}


def refusals(source: str) -> str:
    """Return the data that belongs to the data of postgres_messages.txt."""
    lines = [HEADER]
    message = ""
    for line in source.splitlines():
        if not line.startswith(("#", "\t")):
            message = line
        if message in SQLSTATES:
            text = line.split("\t")[-1].replace("%s", NAMES.get(message, "%s"))
            lines.append(f"{SQLSTATES[message] if line == message else ''}\t{text}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(refusals(SOURCE.read_text("utf-8")), end="")
