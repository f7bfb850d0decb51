"""What the log of a PostgreSQL server says about its end."""

import os

from locust_asyncdjango.lab.environment.postgres.log import (
    disk_error,
    helper_processes,
    refused_connections,
    stop_reason,
)

LOG = (
    "2026-11-29 12:00:00.000 UTC [9] LOG:  database system is ready to accept connections",
    "2026-11-29 12:00:01.000 UTC [9] LOG:  checkpointer process (PID 12) was terminated by signal 9: Killed",
    "2026-11-29 12:00:01.001 UTC [9] LOG:  terminating any other active server processes",
    "2026-11-29 12:00:01.002 UTC [9] LOG:  all server processes terminated; reinitializing",
)
FULL = '2026-11-29 12:00:01 UTC [8] PANIC:  could not write to file "pg_wal/xlogtemp.8": No space left on device'


def test_the_log_says_why_all_processes_have_ended() -> None:
    assert stop_reason(LOG[:1]) == ""
    assert stop_reason(LOG) == "checkpointer process (PID 12) was terminated by signal 9: Killed"
    assert stop_reason(["12:00 [9] LOG:  received smart shutdown request"]) == "received smart shutdown request"
    # A query that is cancelled ends its parallel workers.
    assert stop_reason(['LOG:  background worker "parallel worker" (PID 7) exited with exit code 1']) == ""
    assert disk_error([*LOG, FULL]) == ('could not write to file "pg_wal/xlogtemp.8": No space left on device')
    assert disk_error(LOG) == ""


def test_a_program_that_is_no_postgresql_has_no_helper_processes() -> None:
    assert helper_processes(os.getpid()) == {}


def test_refused_connections_are_counted_by_second() -> None:
    lines = """\
2026-07-29 12:00:00.004 GMT [70] LOG:  database system is ready to accept connections
2026-07-29 12:00:01.001 GMT [71] FATAL:  sorry, too many clients already
2026-07-29 12:00:01.999 GMT [72] FATAL:  sorry, too many clients already
2026-07-29 12:00:02.100 GMT [73] FATAL:  too many connections for role "shop"
2026-07-29 12:00:02.200 GMT [74] FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute
2026-07-29 12:00:03.300 GMT [75] FATAL:  password authentication failed for user "shop"
2026-07-29 12:00:03.400 GMT [76] ERROR:  sorry, too many clients already
sorry, too many clients already
"""
    noon_s = 1785326400
    assert refused_connections(lines.splitlines(keepends=True)) == {noon_s + 1: 2, noon_s + 2: 2}
