"""The files that a run writes: its series as it goes, its failures and its JUnit XML at the end."""

import json
from pathlib import Path
from typing import IO, Any

from locust_asyncdjango import series
from locust_asyncdjango.options import Options

FORMAT = "locust-asyncdjango failures"
FORMAT_VERSION = 1


class OutputError(ValueError):
    """A file cannot be written; the message says what to do."""


class Outputs:
    """The files of one Locust process. A later run of the web UI has its number in their names: series-2.jsonl."""

    def __init__(self, options: Options) -> None:
        """Sees that each file can be written, before anything is measured. Raises OutputError."""
        self._options = options
        self._series: IO[str] | None = None
        self._run = 1
        for flag in ("failures", "junit"):
            if getattr(options, flag):
                self._open(flag, "a").close()
        if options.series:
            self._series = self._open("series", "w")

    def next_run(self) -> None:
        """Has what follows written to new files. Raises OutputError."""
        self._run += 1
        if self._series is not None:
            self._series.close()
            self._series = self._open("series", "w")

    def write_rows(self, lines: list[dict[str, Any]]) -> None:
        """Appends a header or rows to the series."""
        if self._series is not None:
            for line in lines:
                series.write_line(self._series, line)

    def write_failures(self, content: dict[str, Any]) -> None:
        """Writes what failed; again, if there is more by now."""
        if self._options.failures:
            with self._open("failures", "w") as file:
                json.dump({"format": FORMAT, "version": FORMAT_VERSION, **content}, file, indent=1)

    def write_junit(self, text: str) -> None:
        """Writes JUnit XML; again, if there is more by now."""
        if self._options.junit:
            with self._open("junit", "w") as file:
                file.write(text)

    def _open(self, flag: str, mode: str) -> IO[str]:
        path = Path(getattr(self._options, flag))
        if self._run > 1:
            path = path.with_name(f"{path.stem}-{self._run}{path.suffix}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open(mode, encoding="utf-8")
        except OSError as error:
            # What mkdir says of a file where a folder should be would mislead.
            reason = "Not a directory" if isinstance(error, FileExistsError) else error.strerror
            raise OutputError(f"--{flag}: cannot write {path} ({reason}); choose another place") from None
