"""The files that a run writes: its series as it goes, its failures and its JUnit XML at the end."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from locust_asyncdjango.analysis.junit import Case, junit_xml
from locust_asyncdjango.failures.counts import FAILURES_FORMAT, FAILURES_VERSION
from locust_asyncdjango.metrics import series_file
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.plugin.options import Options, is_csv


class OutputError(ValueError):
    """A file cannot be written; the message says what to do."""


class OutputFiles:
    """The files of one Locust process. A later run of the web UI has its number in their names: series-2.jsonl."""

    def __init__(self, options: Options) -> None:
        """Sees that each file can be written, before anything is measured. Raises OutputError."""
        self._options = options
        self._series: dict[str, IO[str]] = {}
        self._run = 1
        named = Counter(path.resolve() for path in _written(options) if not path.is_char_device())
        if twice := [path.name for path, times in named.items() if times > 1]:
            raise OutputError(f"{twice[0]} would be written twice; give each output a name of its own")
        # What a former run has left would be taken for this one's.
        unfinished = junit_xml(
            [Case("run", "the run", "it did not end")], datetime.now(UTC).isoformat(timespec="seconds"), 0
        )
        self.write_failures({"failures": [], "samples": [], "unfinished": True})
        self.write_junit(unfinished)
        self._open_series()
        if options.report:
            self._open("report", options.report).close()

    def next_run(self) -> None:
        """Has what follows written to new files. Raises OutputError."""
        self.close()
        self._run += 1
        self._open_series()

    def close(self) -> None:
        """Ends the series of this run."""
        while self._series:
            with suppress(OSError):
                self._series.popitem()[1].close()

    def write_header(self, header: dict[str, Any]) -> None:
        """Begins the series. Raises OutputError."""
        self._append(series_file.json_line(header), series_file.csv_header())

    def write_rows(self, rows: list[Row]) -> None:
        """Appends rows to the series, whole and at once. Raises OutputError, and writes no more to that file then."""
        if self._series and rows:
            as_csv = "".join(map(series_file.csv_line, rows)) if any(map(is_csv, self._series)) else ""
            self._append("".join(series_file.json_line(row.to_json()) for row in rows), as_csv)

    def write_failures(self, content: dict[str, Any]) -> None:
        """Writes what failed. Raises OutputError."""
        about = {"format": FAILURES_FORMAT, "version": FAILURES_VERSION}
        self._write("failures", self._options.failures, json.dumps({**about, **content}, indent=1) + "\n")

    def write_junit(self, text: str) -> None:
        """Writes JUnit XML. Raises OutputError."""
        self._write("junit", self._options.junit, text)

    def path(self, named: str) -> Path:
        """Where a file that was named so is in this run."""
        path = Path(named)
        return path.with_name(f"{path.stem}-{self._run}{path.suffix}") if self._run > 1 else path

    def _open_series(self) -> None:
        for named in self._options.series:
            self._series[named] = self._open("series", named)

    def _append(self, as_json: str, as_csv: str) -> None:
        failed: list[OutputError] = []
        for named, file in list(self._series.items()):
            try:
                file.write(as_csv if is_csv(named) else as_json)
                file.flush()
            except OSError as error:
                with suppress(OSError):
                    self._series.pop(named).close()
                failed.append(self._error("series", named, error, "what follows is not in it"))
        if failed:
            raise OutputError("; ".join(map(str, failed)))

    def _write(self, flag: str, named: str, text: str) -> None:
        if named:
            try:
                with self._open(flag, named) as file:
                    file.write(text)
            except OSError as error:
                raise self._error(flag, named, error, "free some space") from None

    def _open(self, flag: str, named: str) -> IO[str]:
        path = self.path(named)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("w", encoding="utf-8", newline="" if is_csv(named) else None)
        except OSError as error:
            raise self._error(flag, named, error, "choose another place") from None

    def _error(self, flag: str, named: str, error: OSError, what_to_do: str) -> OutputError:
        # What mkdir says of a file where a folder should be would mislead.
        reason = "Not a directory" if isinstance(error, FileExistsError) else error.strerror
        return OutputError(f"--{flag}: cannot write {self.path(named)} ({reason}); {what_to_do}")


def _written(options: Options) -> Iterator[Path]:
    """All files that a first run writes."""
    yield from map(Path, filter(None, (*options.series, options.failures, options.junit)))
    if options.report:
        yield from (Path(options.report).with_suffix(ending) for ending in (".html", ".md", ".json"))
