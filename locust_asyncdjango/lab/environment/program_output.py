"""What a program prints, and the log that it is added to. Start reading at ``ProgramOutput``."""

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

Clean = Callable[[str], str]
"""Makes a line of output safe."""
KEPT_BYTES = 16 * 2**20
"""How much of a program's output is cleaned and kept: the first and the last half of so many bytes."""


class ProgramOutput:
    """The output of a program.

    log: the file that it is added to. clean: of each line, only what this makes of it gets into the log, once the
    program has ended. Until then the output is in a file without a name, which ends with the lab. None: the log gets
    the output as it comes.
    """

    def __init__(self, log: Path, clean: Clean | None = None) -> None:
        self._log, self._clean = log, clean
        self._begin = 0
        self._unnamed: BinaryIO | None = None

    @contextmanager
    def opened(self) -> Iterator[BinaryIO]:
        """Yield the file for the program's output within the context. Raise OSError where the log cannot be written."""
        with self._log.open("ab") as file:
            self._begin = file.tell()
            if self._clean is None:
                yield file
                return
        with ExitStack() as stack:
            output = stack.enter_context(tempfile.TemporaryFile(dir=self._log.parent))
            fcntl.fcntl(output, fcntl.F_SETFL, os.O_APPEND)
            yield output
            self._unnamed = output
            stack.pop_all()  # it stays open until close

    def lines(self) -> list[str]:
        """Return the lines that the program has printed so far, without blank ones."""
        if self._unnamed is None or self._clean is None:
            text = self._log.read_bytes()[self._begin :].decode(errors="replace")
        else:
            text = "".join(self._clean_lines(self._unnamed, self._clean))
        return [line for line in text.splitlines() if line.strip()]

    def close(self) -> None:
        """Write what is not written yet. The program has ended. Idempotent."""
        if self._unnamed is None or self._clean is None:
            return
        with self._unnamed as output, suppress(OSError), self._log.open("a", encoding="utf-8") as log:
            log.writelines(self._clean_lines(output, self._clean))
        self._unnamed = None

    def _clean_lines(self, output: BinaryIO, clean: Clean) -> Iterator[str]:
        """Yield the cleaned lines of an output, each with its end."""
        size = os.fstat(output.fileno()).st_size
        half = KEPT_BYTES // 2
        if size <= KEPT_BYTES:
            parts = [_read(output, 0, size)]
        else:
            head, tail = _read(output, 0, half), _read(output, size - half, half)
            # A line that is cut in the middle may hold half a secret.
            head, tail = head[: head.rfind(b"\n") + 1], tail[tail.find(b"\n") + 1 :]
            left_out = size - len(head) - len(tail)
            parts = [head, f"... {left_out} bytes are left out ...\n".encode(), tail]
        for part in parts:
            yield from (f"{clean(line)}\n" for line in part.decode(errors="replace").splitlines())


def _read(output: BinaryIO, begin: int, size: int) -> bytes:
    # The program has the same position in the file, which must not move.
    return os.pread(output.fileno(), size, begin)
