"""Run a database server until its context ends."""

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from locust_asyncdjango.lab.environment.process import START_DEADLINE_S, Account, running, wait_until
from locust_asyncdjango.lab.environment.waiting import announced_wait
from locust_asyncdjango.lab.errors import TrialError

STOP_TIMEOUT_S = 30


@contextmanager
def running_server(
    argv: Sequence[str],
    name: str,
    log: Path,
    account: Account | None,
    accepts_connections: Callable[[], bool],
    *,
    stop_signal: signal.Signals,
    is_kept: bool,
) -> Iterator[None]:
    """Start a database server, and wait until it accepts connections.

    name: what messages call it. account: the user that it runs as; None for the lab's own.
    stop_signal: ends it. is_kept: its data are used again, so let it write all of them at the end, however long that
    takes. Raise TrialError where it does not start.
    """
    with running(
        argv, name=name, log=log, account=account, stop_signal=stop_signal, stop_timeout_s=STOP_TIMEOUT_S
    ) as program:
        with announced_wait(f"{name} starts"):
            is_ready = False
            while not is_ready and program.is_running():  # with much to recover it takes minutes
                is_ready = wait_until(accepts_connections, program, START_DEADLINE_S)
        if not is_ready:
            raise TrialError(f"{name} did not start: {program.failure_cause()}")
        yield
        if is_kept:
            with announced_wait(f"{name} writes the seeded database"):
                program.request_stop()
                code = program.wait()
            if code:
                raise TrialError(f"{name} did not write the seeded database: {program.failure_cause()}")
