"""Write the files of a run: its series while it goes on, its failures and its JUnit XML at the end.

Each file is open and locked from the start of the run to its end, so that no other run can write to it.
"""

import html
import os
import shlex
import stat
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, NamedTuple

from locust_asyncdjango.analysis.junit import Case, junit_xml
from locust_asyncdjango.failures.counts import FAILURES_FORMAT, FAILURES_VERSION
from locust_asyncdjango.metrics import series_file
from locust_asyncdjango.metrics.file_lock import lock_until_closed
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import is_csv
from locust_asyncdjango.metrics.strict_json import dumps
from locust_asyncdjango.plugin.options import Options

NO_REPORT_YET = (
    '<!doctype html><meta charset="utf-8"><title>No report</title>'
    "<p>This run has not ended, or its report could not be made. To make it:</p><pre>{}</pre>\n"
)
"""What a report's file has until the report is made."""


class OutputError(ValueError):
    """Raised if a file cannot be written. The message says which, why, and what to do."""


class _Output(NamedTuple):
    """A file that the user wants: the flag that asks for it, without dashes, and its name as the user wrote it."""

    flag: str
    name: str


class OutputFiles:
    """The files that one Locust process writes.

    The web UI can start several runs. From the second on, file names have the number of the run: series-2.jsonl.
    """

    def __init__(self, options: Options) -> None:
        """Open each file before anything is measured.

        Raise OutputError if one cannot be written, or another run writes to it. Then no file has changed.
        """
        self._options = options
        # The report first, as the failures and the series that it needs lie next to it.
        single = (_Output(flag, getattr(options, flag)) for flag in ("report", "failures", "junit"))
        wanted = (*single, *(_Output("series", name) for name in options.series))
        self._outputs = tuple(output for output in wanted if output.name)
        self._files: dict[_Output, IO[str]] = {}
        """The open files: all but devices and pipes that are written once, at the end."""
        self._run = 1
        _require_distinct(_output_paths(options))
        new = [path for path in self._paths() if not os.path.lexists(path)]
        if errors := self._open_all():
            self._discard(new)
            raise errors[0]
        self._write_beginnings()

    def next_run(self) -> None:
        """Close the files and begin those of the next run. Raise OutputError if one cannot be written."""
        self.close()
        self._run += 1
        errors = self._open_all()
        self._write_beginnings()
        if errors:
            raise OutputError("; ".join(map(str, errors)))

    def close(self) -> None:
        """Close the files of this run, which ends their locks."""
        while self._files:
            with suppress(OSError):
                self._files.popitem()[1].close()

    def write_header(self, header: dict[str, Any]) -> None:
        """Write the first line of each series. Raise OutputError if one cannot be written."""
        self._append(series_file.json_line(header), series_file.csv_header())

    def write_rows(self, rows: list[Row]) -> None:
        """Append rows to each series and flush them, so that the file of a killed run ends with a whole line.

        Raise OutputError if a file cannot be written; that file is closed and gets no more rows.
        """
        if rows:
            as_csv = "".join(map(series_file.csv_line, rows)) if any(map(is_csv, self._options.series)) else ""
            self._append("".join(series_file.json_line(row.to_json()) for row in rows), as_csv)

    def write_failures(self, content: dict[str, Any]) -> None:
        """Write the file of --failures. Raise OutputError if it cannot be written."""
        file_format = {"format": FAILURES_FORMAT, "version": FAILURES_VERSION}
        self._write(_Output("failures", self._options.failures), dumps({**file_format, **content}, indent=1) + "\n")

    def write_junit(self, text: str) -> None:
        """Write the file of --junit. Raise OutputError if it cannot be written. text: JUnit XML."""
        self._write(_Output("junit", self._options.junit), text)

    def path(self, name: str) -> Path:
        """Return the path of a file in the current run. name: as the user wrote it."""
        path = Path(name)
        return path.with_name(f"{path.stem}-{self._run}{path.suffix}") if self._run > 1 else path

    def report_arguments(self) -> list[str]:
        """Return the arguments of ``locust-asyncdjango`` that make the report of the current run."""
        series = next(name for name in self._options.series if not is_csv(name))
        source, failures, report = map(self.path, (series, self._options.failures, self._options.report))
        return ["report", str(source), "--failures", str(failures), "--output", str(report)]

    def _paths(self) -> list[Path]:
        return [self.path(output.name) for output in self._outputs]

    def _open_all(self) -> list[OutputError]:
        """Open and lock the files of this run, and return why some of them cannot be."""
        errors = []
        for output in self._outputs:
            try:
                if output.flag == "series" or not _is_special(self.path(output.name)):
                    self._files[output] = self._open(output)
            except OutputError as error:
                errors.append(error)
        return errors

    def _discard(self, new: Iterable[Path]) -> None:
        """Close all files, and remove those that this run has made."""
        made = {self.path(output.name) for output in self._files}
        self.close()
        for path in made.intersection(new):
            path.unlink(missing_ok=True)

    def _write_beginnings(self) -> None:
        """Overwrite the files of an earlier run, so that nobody takes them for the results of this one.

        A device or a pipe holds nothing of an earlier run, and its reader gets the results of this one alone.
        """
        for file in self._files.values():
            _empty(file)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        opened = {output.flag for output in self._files}
        if "failures" in opened:
            self.write_failures({"failures": [], "samples": [], "unfinished": True})
        if "junit" in opened:
            self.write_junit(junit_xml([Case("run", "the run", "it did not end")], started, 0))
        if "report" in opened:
            command = html.escape(shlex.join(["locust-asyncdjango", *self.report_arguments()]))
            self._write(_Output("report", self._options.report), NO_REPORT_YET.format(command))
            for ending in (".md", ".json"):
                with suppress(OSError):
                    self.path(self._options.report).with_suffix(ending).unlink()

    def _append(self, as_json: str, as_csv: str) -> None:
        failed: list[OutputError] = []
        for output, file in [each for each in self._files.items() if each[0].flag == "series"]:
            try:
                file.write(as_csv if is_csv(output.name) else as_json)
                file.flush()
            except OSError as error:
                with suppress(OSError):
                    self._files.pop(output).close()
                failed.append(self._error(output, error, "later seconds are missing from it; free some space"))
        if failed:
            raise OutputError("; ".join(map(str, failed)))

    def _write(self, output: _Output, text: str) -> None:
        """Write the whole text of a file in place of what it has. Do nothing for an output without a name."""
        if not output.name:
            return
        try:
            if output in self._files:
                _replace_text(self._files[output], text)
            else:
                with self._open(output) as file:
                    _replace_text(file, text)
        except OSError as error:
            raise self._error(output, error, "free some space") from None

    def _open(self, output: _Output) -> IO[str]:
        path = self.path(output.name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Nothing is lost in mode "a" until the lock is held, and two writers could not overwrite each other.
            mode = "w" if _is_special(path) else "a"
            file = path.open(
                mode, encoding="utf-8", errors="backslashreplace", newline="" if is_csv(path.name) else None
            )
        except OSError as error:
            raise self._error(output, error, "choose another place") from None
        if mode == "a" and not _lock(file):
            file.close()
            raise OutputError(f"--{output.flag}: another run writes to {path}; wait for its end, or name another file")
        return file

    def _error(self, output: _Output, error: OSError, advice: str) -> OutputError:
        # If there is a file in place of the folder, mkdir reports "File exists", which would mislead.
        reason = "Not a directory" if isinstance(error, FileExistsError) else error.strerror
        return OutputError(f"--{output.flag}: cannot write {self.path(output.name)} ({reason}); {advice}")


def _is_special(path: Path) -> bool:
    """Return whether a path is there and no regular file, such as a terminal, /dev/null or a named pipe."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return False


def _lock(file: IO[str]) -> bool:
    """Return whether no other process has locked the file; from now on this one has, if the file system has locks."""
    try:
        lock_until_closed(file.fileno())
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _empty(file: IO[str]) -> None:
    """Empty a file, unless it is a device or a pipe, which holds nothing."""
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.truncate(0)


def _replace_text(file: IO[str], text: str) -> None:
    _empty(file)
    file.write(text)
    file.flush()


def _require_distinct(paths: Iterable[Path]) -> None:
    """Raise OutputError if two outputs have the same path, unless it is a device such as /dev/null."""
    counts = Counter(path.resolve() for path in paths if not path.is_char_device())
    if twice := [path.name for path, count in counts.items() if count > 1]:
        raise OutputError(f"{twice[0]} would be written twice; give each output a name of its own")


def _output_paths(options: Options) -> Iterator[Path]:
    """Yield the path of each file that the first run writes."""
    yield from map(Path, filter(None, (*options.series, options.failures, options.junit)))
    if options.report:
        yield from (Path(options.report).with_suffix(ending) for ending in (".html", ".md", ".json"))
