"""What the processes and the log of a PostgreSQL server say about its end, and whom it refused."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime

import psutil

LOG_NAME = "postgres.log"
"""The name of the log of a server that serves a trial, in the folder of its logs."""

_HELPER = re.compile(
    r"postgres: (?:.*?: )?"
    r"(checkpointer|background writer|walwriter|autovacuum launcher|logical replication launcher|io worker \d+)\b"
)
"""The title of a process that serves no client and lives as long as the server."""
_STOP = re.compile(
    r"LOG: +(?! )(.*\(PID \d+\) was terminated by .*|(?!background worker).*\(PID \d+\) exited with .*"
    r"|received \w+ shutdown request)"
)
_DISK_ERROR = re.compile(
    r"(?:ERROR|FATAL|PANIC|LOG): +"
    r"(.*(?:No space left on device|Read-only file system|Disk quota exceeded|Input/output error))"
)
_REFUSAL = re.compile(
    r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)\.\d+ GMT \[\d+\] FATAL:  "
    r"(?:sorry, too many clients already|remaining connection slots are reserved|too many connections for )"
)
"""A refused connection, in a log that ``cluster`` sets to Greenwich time and whose messages are in English."""


def helper_processes(server_pid: int) -> dict[psutil.Process, str]:
    """Return the helper processes of a PostgreSQL server, such as its checkpointer, with the name of each.

    server_pid: of the server; another program has none of them.
    """
    helpers = {}
    with suppress(psutil.Error):
        for process in psutil.Process(server_pid).children():
            with suppress(psutil.Error):
                if match := _HELPER.match(" ".join(process.cmdline())):
                    helpers[process] = match[1]
    return helpers


def stop_reason(log_lines: Sequence[str]) -> str:
    """Return why a server stops or has stopped its processes, by the lines of its log; "" where they do not say."""
    return _first_match(_STOP, log_lines)


def disk_error(log_lines: Sequence[str]) -> str:
    """Return the first error of a server's disk, by the lines of its log, such as that it is full; "" for none."""
    return _first_match(_DISK_ERROR, log_lines)


def refused_connections(log_lines: Iterable[str]) -> Counter[int]:
    """Return how many connections a server refused because it had too many, by the second since the epoch."""
    times = (match[1] for line in log_lines if (match := _REFUSAL.match(line)))
    return Counter(int(datetime.fromisoformat(f"{time}+00:00").timestamp()) for time in times)


def _first_match(pattern: re.Pattern[str], lines: Sequence[str]) -> str:
    return next((match[1] for line in lines if (match := pattern.search(line))), "")
