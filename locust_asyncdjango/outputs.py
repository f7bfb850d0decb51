"""The files that a run writes: its series as it goes, its failures and its JUnit XML at the end."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from locust_asyncdjango import series
from locust_asyncdjango.junit import Case, junit
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
        named = [path for path in (options.series, options.failures, options.junit) if path]
        if len(set(named)) < len(named):
            raise OutputError("--series, --failures and --junit name the same file; give each its own")
        # What a former run has left would be taken for this one's.
        unfinished = junit(
            [Case("run", "the run", "it did not end")], datetime.now(UTC).isoformat(timespec="seconds"), 0
        )
        self.write_failures({"failures": [], "samples": [], "unfinished": True})
        self.write_junit(unfinished)
        if options.series:
            self._series = self._open("series")

    def next_run(self) -> None:
        """Has what follows written to new files. Raises OutputError."""
        self._run += 1
        if self._series is not None:
            self._series.close()
            self._series = None
            self._series = self._open("series")

    def write_rows(self, lines: list[dict[str, Any]]) -> None:
        """Appends a header or rows to the series. Raises OutputError, and writes no more of it then."""
        if self._series is None:
            return
        try:
            for line in lines:
                series.write_line(self._series, line)
        except OSError as error:
            with suppress(OSError):
                self._series.close()
            self._series = None
            raise self._error("series", error, "what follows is not in it") from None

    def write_failures(self, content: dict[str, Any]) -> None:
        """Writes what failed. Raises OutputError."""
        about = {"format": FORMAT, "version": FORMAT_VERSION}
        self._write("failures", json.dumps({**about, **content}, indent=1) + "\n")

    def write_junit(self, text: str) -> None:
        """Writes JUnit XML. Raises OutputError."""
        self._write("junit", text)

    def _write(self, flag: str, text: str) -> None:
        if getattr(self._options, flag):
            try:
                with self._open(flag) as file:
                    file.write(text)
            except OSError as error:
                raise self._error(flag, error, "free some space") from None

    def _open(self, flag: str) -> IO[str]:
        path = self._path(flag)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("w", encoding="utf-8")
        except OSError as error:
            raise self._error(flag, error, "choose another place") from None

    def _path(self, flag: str) -> Path:
        path = Path(getattr(self._options, flag))
        return path.with_name(f"{path.stem}-{self._run}{path.suffix}") if self._run > 1 else path

    def _error(self, flag: str, error: OSError, what_to_do: str) -> OutputError:
        # What mkdir says of a file where a folder should be would mislead.
        reason = "Not a directory" if isinstance(error, FileExistsError) else error.strerror
        return OutputError(f"--{flag}: cannot write {self._path(flag)} ({reason}); {what_to_do}")
