"""Write the files of a run: its series while it goes on, its failures and its JUnit XML at the end."""

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
    """Raised if a file cannot be written. The message says which, why, and what to do."""


class OutputFiles:
    """The files that one Locust process writes.

    The web UI can start several runs. From the second on, file names have the number of the run: series-2.jsonl.
    """

    def __init__(self, options: Options) -> None:
        """Open each file before anything is measured. Raise OutputError if one cannot be written."""
        self._options = options
        self._series: dict[str, IO[str]] = {}
        self._run = 1
        counts = Counter(path.resolve() for path in _output_paths(options) if not path.is_char_device())
        if twice := [path.name for path, count in counts.items() if count > 1]:
            raise OutputError(f"{twice[0]} would be written twice; give each output a name of its own")
        if options.report:  # first, as the failures and the series that it needs lie next to it
            self._open("report", options.report).close()
        # Overwrite the file of an earlier run, so that nobody takes it for the result of this one.
        unfinished = junit_xml(
            [Case("run", "the run", "it did not end")], datetime.now(UTC).isoformat(timespec="seconds"), 0
        )
        self.write_failures({"failures": [], "samples": [], "unfinished": True})
        self.write_junit(unfinished)
        self._open_series()

    def next_run(self) -> None:
        """Close the files and begin those of the next run. Raise OutputError if one cannot be written."""
        self.close()
        self._run += 1
        self._open_series()

    def close(self) -> None:
        """Close the series of this run."""
        while self._series:
            with suppress(OSError):
                self._series.popitem()[1].close()

    def write_header(self, header: dict[str, Any]) -> None:
        """Write the first line of each series. Raise OutputError if one cannot be written."""
        self._append(series_file.json_line(header), series_file.csv_header())

    def write_rows(self, rows: list[Row]) -> None:
        """Append rows to each series and flush them, so that the file of a killed run ends with a whole line.

        Raise OutputError if a file cannot be written; that file is closed and gets no more rows.
        """
        if self._series and rows:
            as_csv = "".join(map(series_file.csv_line, rows)) if any(map(is_csv, self._series)) else ""
            self._append("".join(series_file.json_line(row.to_json()) for row in rows), as_csv)

    def write_failures(self, content: dict[str, Any]) -> None:
        """Write the file of --failures. Raise OutputError if it cannot be written."""
        file_format = {"format": FAILURES_FORMAT, "version": FAILURES_VERSION}
        self._write("failures", self._options.failures, json.dumps({**file_format, **content}, indent=1) + "\n")

    def write_junit(self, text: str) -> None:
        """Write the file of --junit. Raise OutputError if it cannot be written. text: JUnit XML."""
        self._write("junit", self._options.junit, text)

    def path(self, name: str) -> Path:
        """Return the path of a file in the current run. name: as the user wrote it."""
        path = Path(name)
        return path.with_name(f"{path.stem}-{self._run}{path.suffix}") if self._run > 1 else path

    def _open_series(self) -> None:
        for name in self._options.series:
            self._series[name] = self._open("series", name)

    def _append(self, as_json: str, as_csv: str) -> None:
        failed: list[OutputError] = []
        for name, file in list(self._series.items()):
            try:
                file.write(as_csv if is_csv(name) else as_json)
                file.flush()
            except OSError as error:
                with suppress(OSError):
                    self._series.pop(name).close()
                failed.append(self._error("series", name, error, "later seconds are missing from it; free some space"))
        if failed:
            raise OutputError("; ".join(map(str, failed)))

    def _write(self, flag: str, name: str, text: str) -> None:
        if name:
            try:
                with self._open(flag, name) as file:
                    file.write(text)
            except OSError as error:
                raise self._error(flag, name, error, "free some space") from None

    def _open(self, flag: str, name: str) -> IO[str]:
        path = self.path(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            return path.open("w", encoding="utf-8", newline="" if is_csv(name) else None)
        except OSError as error:
            raise self._error(flag, name, error, "choose another place") from None

    def _error(self, flag: str, name: str, error: OSError, advice: str) -> OutputError:
        # If there is a file in place of the folder, mkdir reports "File exists", which would mislead.
        reason = "Not a directory" if isinstance(error, FileExistsError) else error.strerror
        return OutputError(f"--{flag}: cannot write {self.path(name)} ({reason}); {advice}")


def _output_paths(options: Options) -> Iterator[Path]:
    """Yield the path of each file that the first run writes."""
    yield from map(Path, filter(None, (*options.series, options.failures, options.junit)))
    if options.report:
        yield from (Path(options.report).with_suffix(ending) for ending in (".html", ".md", ".json"))
