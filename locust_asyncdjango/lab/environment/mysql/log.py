"""What the log of a MariaDB or MySQL server says about its disk, and whom it refused."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

LOG_NAME = "mysql.log"
"""The name of the log of a server that serves a trial, in the folder of its logs."""

_DISK_ERROR = re.compile(
    r"\[ERROR\] (?:\[[\w-]+\] )*"
    r"(.*(?:No space left on device|[Dd]isk full|\berror(?: number)? 28\b|is full|Read-only file system).*)"
)
_REFUSAL = re.compile(r"(\d{4}-\d\d-\d\d) +(\d?\d:\d\d:\d\d) .*\(Too many connections\)$")


def disk_error(log_lines: Sequence[str]) -> str:
    """Return the first error of a server's disk, by the lines of its log, such as that it is full; "" for none."""
    return next((match[1] for line in log_lines if (match := _DISK_ERROR.search(line))), "")


def refused_connections(log_lines: Iterable[str]) -> Counter[int]:
    """Return how many connections MariaDB refused because it had too many, by the second since the epoch.

    Those that it refuses only after the login are not in its log: one at a time, as it lets one client more log in.
    """
    times = (match.groups() for line in log_lines if (match := _REFUSAL.match(line)))
    # The times are local ones.
    return Counter(int(datetime.fromisoformat(f"{day} {time.zfill(8)}").timestamp()) for day, time in times)
