"""One side of a comparison, and how a user writes it. Start reading at ``Arm``."""

import re
from dataclasses import dataclass

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.options import names

DEFAULT_MAX_CONNECTIONS = 100

_ARM = re.compile(r"(?P<server>[^/@*]+)(?:\*(?P<workers>\d{1,9}))?(?:/(?P<variant>[^/@*]+))?(?:@(?P<limit>\d{1,9}))?")


@dataclass(frozen=True, slots=True)
class Arm:
    """One side of a comparison.

    server: its name. variant: "" for the natural one.
    max_connections: the connection limit of the lab's own database.
    workers: processes of the server; 0 for the number that the experiment sets for all arms.
    threads: threads of each process; 0 for the server's own number.
    name: what reports call it; "" for all of the above.
    env: names and values of environment variables that the project has in this arm only. A value may be a template, as
        in the project's file.
    revision: the git revision of the project; "" for its files as they are. commit: the short hash of the commit that
        this meant when the experiment began.
    """

    server: str
    variant: str = ""
    max_connections: int = DEFAULT_MAX_CONNECTIONS
    workers: int = 0
    threads: int = 0
    name: str = ""
    env: tuple[tuple[str, str], ...] = ()
    revision: str = ""
    commit: str = ""

    def __str__(self) -> str:
        workers = f"*{self.workers}" if self.workers else ""
        variant = f"/{self.variant}" if self.variant else ""
        return f"{self.server}{workers}{variant}@{self.max_connections}"


def parse_arm(text: str) -> Arm:
    """Return the arm of SERVER*WORKERS/VARIANT@MAX_CONNECTIONS, of which all but SERVER may be left out.

    Raise UsageError.
    """
    match = _ARM.fullmatch(text)
    if not match or match["workers"] == "0":
        raise UsageError(f"{text!r} is not SERVER*WORKERS/VARIANT@MAX_CONNECTIONS; all but SERVER may be left out")
    limit = int(match["limit"] or DEFAULT_MAX_CONNECTIONS)
    return Arm(match["server"], match["variant"] or "", limit, int(match["workers"] or 0))


def parse_arms(text: str) -> tuple[Arm, ...]:
    """Return the arms in a text, which are separated by commas. Raise UsageError."""
    return tuple(map(parse_arm, names(text)))
