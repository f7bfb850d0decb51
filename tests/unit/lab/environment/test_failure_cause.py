"""The first error in a log, as programs write it."""

import pytest

from locust_asyncdjango.lab.environment.failure_cause import first_error

GUNICORN = """\
[2026-11-29 12:51:57 +0000] [22487] [ERROR] Exception in worker process
Traceback (most recent call last):
  File "/site/gunicorn/arbiter.py", line 608, in spawn_worker
    worker.init_process()
  File "/site/mysite/settings.py", line 2, in <module>
    import no_such_module
ModuleNotFoundError: No module named 'no_such_module'
[2026-11-29 12:51:57 +0000] [22487] [ERROR] Worker (pid:22490) exited with code 3
[2026-11-29 12:51:57 +0000] [22485] [ERROR] Shutting down: Master
[2026-11-29 12:51:57 +0000] [22485] [ERROR] Reason: Worker failed to boot."""
CHAINED = """\
Traceback (most recent call last):
  File "/site/mysite/settings.py", line 3, in <module>
    os.environ["NAME"]
KeyError: 'NAME'
The above exception was the direct cause of the following exception:
Traceback (most recent call last):
  File "/site/mysite/wsgi.py", line 3, in <module>
    get_wsgi_application()
django.core.exceptions.ImproperlyConfigured: set NAME
Traceback (most recent call last):
  File "/site/late.py", line 1, in <module>
RuntimeError: a later one"""
OPERATIONAL = """\
Traceback (most recent call last):
  File "/site/a.py", line 1, in <module>
psycopg2.OperationalError: connection to server at "127.0.0.1" failed: Connection refused
\tIs the server running on that host?
The above exception was the direct cause of the following exception:
Traceback (most recent call last):
  File "/site/b.py", line 1, in <module>
django.db.utils.OperationalError: connection refused"""
SYNTAX = """\
Traceback (most recent call last):
  File "<frozen importlib._bootstrap>", line 241, in _call
  File "/site/mysite/settings.py", line 2
    X = (1,
        ^
SyntaxError: '(' was never closed"""
GROUP = """\
  + Exception Group Traceback (most recent call last):
  |   File "/site/run.py", line 9, in <module>
  | ExceptionGroup: unhandled errors in a TaskGroup (1 sub-exception)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/site/lifespan.py", line 4, in startup
    | ValueError: the cause
    +------------------------------------"""
UWSGI = """\
*** WARNING: you are running uWSGI as root !!! (use the --uid flag) ***
your server socket listen backlog is limited to 128 connections
probably another instance of uWSGI is running on the same address (127.0.0.1:9000).
bind(): Address already in use [core/socket.c line 769]"""
POSTGRES = """\
2026-11-29 12:00:00.000 UTC [7] LOG:  starting PostgreSQL 18.0
2026-11-29 12:00:00.001 UTC [7] LOG:  could not bind IPv4 address "127.0.0.1": Address already in use
2026-11-29 12:00:00.001 UTC [7] HINT:  Is another postmaster already running on port 5432?
2026-11-29 12:00:00.001 UTC [7] WARNING:  could not create listen socket for "127.0.0.1"
2026-11-29 12:00:00.001 UTC [7] FATAL:  could not create any TCP/IP sockets"""
REDIS = """\
7:C 29 Nov 2026 12:00:00.000 * oO0OoO0OoO0Oo Redis is starting oO0OoO0OoO0Oo
7:M 29 Nov 2026 12:00:00.000 # Warning: Could not create server TCP listening socket 127.0.0.1:6379: bind: Address \
already in use
7:M 29 Nov 2026 12:00:00.000 # Failed listening on port 6379 (tcp), aborting."""
CHECKS = """\
/site/x.py:3: UserWarning: this cannot be an error
SystemCheckError: System check identified some issues:
ERRORS:
?: (urls.E007) The custom handler404 view could not be imported.
System check identified 1 issue (0 silenced)."""


@pytest.mark.parametrize(
    ("log", "error"),
    [
        (GUNICORN, "ModuleNotFoundError: No module named 'no_such_module'"),
        (CHAINED, "KeyError: 'NAME', which led to django.core.exceptions.ImproperlyConfigured: set NAME"),
        (
            OPERATIONAL,
            'psycopg2.OperationalError: connection to server at "127.0.0.1" failed: Connection refused, which led to'
            " django.db.utils.OperationalError: connection refused",
        ),
        (SYNTAX, "SyntaxError: '(' was never closed"),
        (GROUP, "ValueError: the cause"),
        (UWSGI, "bind(): Address already in use [core/socket.c line 769]"),
        (
            POSTGRES,
            '2026-11-29 12:00:00.001 UTC [7] LOG: could not bind IPv4 address "127.0.0.1": Address already in use',
        ),
        (
            REDIS,
            "7:M 29 Nov 2026 12:00:00.000 # Warning: Could not create server TCP listening socket 127.0.0.1:6379: bind:"
            " Address already in use",
        ),
        (CHECKS, "?: (urls.E007) The custom handler404 view could not be imported."),
        ("CommandError: DATABASE_URL must look like x", "CommandError: DATABASE_URL must look like x"),
        ("it starts\nit has started", ""),
        ("", ""),
        ("Traceback (most recent call last):", ""),
        ("ERROR:  a   long\tline", "ERROR: a long line"),
    ],
)
def test_the_first_error_is_the_cause(log: str, error: str) -> None:
    assert first_error(log.splitlines()) == error


def test_the_failure_of_a_view_is_not_why_the_server_ended() -> None:
    logged = ["probe> Traceback (most recent call last):", "probe> ValueError: of a view"]
    assert first_error(logged) == ""
    assert first_error([*logged, "[CRITICAL] WORKER TIMEOUT: aborted"]) == "[CRITICAL] WORKER TIMEOUT: aborted"
