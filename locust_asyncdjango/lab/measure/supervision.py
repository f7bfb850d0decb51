"""The programs of a trial: whether all of them still run, and which of their processes stand still.

A trial in which a program has ended measured something else than its label says, so it has no result. A worker that
ends while its server goes on is another matter: the server is what is measured, so that is a result, with a caveat.
The helper processes of PostgreSQL count as PostgreSQL. Start reading at ``Supervision``.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress

import psutil

from locust_asyncdjango.lab.environment.mysql import installation as mysql
from locust_asyncdjango.lab.environment.mysql import log as mysql_log
from locust_asyncdjango.lab.environment.postgres.log import disk_error, helper_processes, stop_reason
from locust_asyncdjango.lab.environment.process import Program, running_programs
from locust_asyncdjango.lab.errors import TrialError

STOPPED = (psutil.STATUS_STOPPED, psutil.STATUS_TRACING_STOP)
"""The states of a process that a signal or a debugger has stopped."""
AGAIN = "run --resume measures the trial again"
"""The end of the messages about a trial that a disturbance has spoilt."""


class Supervision:
    """Notices when a program of a trial ends: its server, a service or a proxy."""

    def __init__(self, programs: Collection[Program]) -> None:
        """Begin to watch these programs, all of which run."""
        self._programs = sorted(programs, key=lambda program: program.pid)
        self._helpers = {program: helper_processes(program.pid) for program in programs}

    def check(self) -> None:
        """Raise TrialError, with its name, where a program or one of PostgreSQL's helper processes has ended."""
        for program in self._programs:
            code = program.exit_code()
            helpers = sorted(name for process, name in self._helpers[program].items() if _has_ended(process))
            if code is not None or helpers:
                self._check_log(program)
            if code is not None:
                raise TrialError(f"{program.name} ended during the trial, {program.end_text(code)}; {AGAIN}")
            if helpers:
                raise TrialError(f"{program.name}'s {', '.join(helpers)} ended during the trial; {AGAIN}")

    @contextmanager
    def checked_at_end(self) -> Iterator[None]:
        """Check at the end of the context, also where it raises TrialError: a program that has ended explains more."""
        try:
            yield
        except TrialError:
            self._check_all()
            raise
        self._check_all()

    def _check_all(self) -> None:
        self.check()
        for program in self._programs:
            self._check_log(program)

    def _check_log(self, program: Program) -> None:
        """Raise TrialError where a database's log says that it could not write to its disk, or that it stops."""
        is_postgres, is_mysql = bool(self._helpers[program]), program.name in mysql.NAMES
        if not is_postgres and not is_mysql:
            return
        lines = program.log_lines()
        if reason := mysql_log.disk_error(lines) if is_mysql else disk_error(lines):
            raise TrialError(f"the database could not write to its disk: {reason}; see that the disk has room; {AGAIN}")
        if is_postgres and (reason := stop_reason(lines)):
            raise TrialError(f"{program.name} ended or started again during the trial: {reason}; {AGAIN}")


def _has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def stopped_processes() -> list[str]:
    """Return what messages call the processes of the running programs that stand still now, each name once."""
    names = set()
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if process.status() in STOPPED:
                names.add(_name(process))
    return sorted(names)


def _name(process: psutil.Process) -> str:
    lineage = {process.pid, *(parent.pid for parent in process.parents())}
    program = next((program for program in running_programs() if program.pid in lineage), None)
    if program is None:
        return str(process.name())
    if program.pid == process.pid:
        return program.name
    helper = helper_processes(program.pid).get(process)
    return f"{program.name}'s {helper}" if helper else f"a process of {program.name}"
