"""The report of a run: a program of its own makes it, as numpy and scipy are not loaded where load is made."""

import subprocess
import sys
from pathlib import Path

from locust_asyncdjango.plugin.output_files import OutputError

DEADLINE_S = 120


def make_report(report: Path, series: Path, failures: Path) -> str:
    """Has it made from the run's files, and returns what is told of it. Raises OutputError."""
    argv = [sys.executable, "-m", "locust_asyncdjango.lab.cli", "report", str(series)]
    argv += ["--failures", str(failures), "--output", str(report)]
    try:
        # Not stopped by the Ctrl-C that ends a run; run() kills it if this is stopped meanwhile.
        made = subprocess.run(
            argv, capture_output=True, text=True, timeout=DEADLINE_S, start_new_session=True, check=False
        )
    except subprocess.TimeoutExpired:
        raise OutputError(f"--report: it took longer than {DEADLINE_S} s; {_later(argv)}") from None
    if made.returncode:
        said = (made.stderr.strip().splitlines() or ["no reason given"])[-1].removeprefix("locust-asyncdjango: error: ")
        raise OutputError(f"--report: {said}; {_later(argv)}")
    return made.stdout.strip()


def _later(argv: list[str]) -> str:
    return f"then: locust-asyncdjango {' '.join(argv[3:])}"
