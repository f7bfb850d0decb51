"""Programs on a terminal."""

import os
import pty
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.programs import DEADLINE_S


def on_a_terminal(
    argv: Sequence[str | Path], columns: int = 80, variables: Mapping[str, str] | None = None
) -> tuple[int, str]:
    """Return exit code and output of a program that ends by itself, on a terminal. variables: of its environment."""
    # The terminal is nobody's controlling one and stays open: at its end, what had not been read would be lost.
    terminal, programs_end = pty.openpty()
    output, end = bytearray(), b"<the end>"

    def read() -> None:
        while not output.endswith(end):
            output.extend(os.read(terminal, 65536))

    reader = threading.Thread(target=read)
    reader.start()
    try:
        env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(columns), "LINES": "40", **(variables or {})}
        with subprocess.Popen(
            argv, stdin=programs_end, stdout=programs_end, stderr=programs_end, env=env, start_new_session=True
        ) as program:
            try:
                code = program.wait(DEADLINE_S)
            finally:
                program.kill()
    finally:
        os.write(programs_end, end)
        reader.join()
        os.close(terminal)
        os.close(programs_end)
    return code, output.decode(errors="replace")
