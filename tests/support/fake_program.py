"""A program of the lab that has never been started."""

import os


class FakeProgram:
    """A program of this process's own id. codes: its exit code at each reading; the last one stays."""

    pid = os.getpid()

    def __init__(self, *codes: int | None) -> None:
        self.codes = list(codes)
        self.stop_requests = 0

    def exit_code(self) -> int | None:
        return self.codes.pop(0) if len(self.codes) > 1 else self.codes[0]

    def last_log_line(self) -> str:
        return "out of memory"

    def request_stop(self) -> None:
        self.stop_requests += 1
