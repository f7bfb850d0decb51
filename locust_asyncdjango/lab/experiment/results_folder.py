"""The results folder: its schema, and reading and writing it.

experiment.json              what was asked for and where it ran
logs/                        what was said before the first trial
trials/<id>/result.json      a trial's figures, or why there are none
trials/<id>/series.jsonl     its series
trials/<id>/failures.json    its failures by kind and message, with samples
trials/<id>/costs.jsonl      what server and services took and what else the machine did, a line a second
trials/<id>/*.log            what its programs said
report.html, .md, .json      the verdict, the tables and, in the first, the pictures

A trial is measured in trials/<id>.unfinished, which gets its name when it is whole.
"""

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from locust_asyncdjango.lab.environment.file_lock import exclusive_lock
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.result import FORMAT_VERSION, ResourceSample, Result, read_costs
from locust_asyncdjango.lab.experiment.spec import Experiment, Trial, unfinished
from locust_asyncdjango.metrics.series_file import Series, SeriesError, read

DAMAGES = (AttributeError, LookupError, TypeError, ValueError, OverflowError, RecursionError)
"""What comes of reading what somebody else has written, or only a part of it."""


class ResultsFolder:
    """One experiment's results."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.trials = self.path / "trials"
        self.logs = self.path / "logs"

    @contextmanager
    def opened(self, experiment: Experiment, about: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Makes the folder, or takes up one that holds this very experiment; for one run at a time. Raises UsageError.

        Gives what it is about: what was given, or what was when it was begun.
        """
        with ExitStack() as stack:
            try:
                self.path.mkdir(parents=True, exist_ok=True)
                stack.enter_context(exclusive_lock(self.path, wait=False))
                self._begin(experiment, about)
            except BlockingIOError:
                raise UsageError(
                    f"another run writes to {self.path}; wait for its end, or choose another --output"
                ) from None
            except OSError as error:
                raise UsageError(f"cannot write to {self.path} ({error.strerror}); choose another --output") from None
            yield self.about()

    def _begin(self, experiment: Experiment, about: dict[str, Any]) -> None:
        # Through JSON, to compare what was read with what would be written.
        asked: dict[str, Any] = json.loads(json.dumps(asdict(experiment)))
        file = self.path / "experiment.json"
        if not file.exists() and {path.name for path in self.path.iterdir()} - {_part(file).name}:
            raise UsageError(f"{self.path} holds other files; choose another --output")
        with tempfile.TemporaryFile(dir=self.path):
            pass
        # The first that is written, so that who finds it missing knows that there is nothing else.
        if not file.exists():
            write_json(file, {"format_version": FORMAT_VERSION, "experiment": asked, **about})
        elif self._read().get("experiment") != asked:
            raise UsageError(f"{self.path} holds the results of another experiment; choose another --output")
        self.trials.mkdir(exist_ok=True)
        self.logs.mkdir(exist_ok=True)

    def about(self) -> dict[str, Any]:
        """When and where it was begun, with which versions. Raises UsageError where there is no experiment."""
        return {name: value for name, value in self._read().items() if name not in ("format_version", "experiment")}

    def experiment(self) -> Experiment:
        """What was asked for. Raises UsageError where there is no experiment."""
        try:
            return Experiment.from_json(self._read()["experiment"])
        except DAMAGES as error:
            raise UsageError(f"{self.path / 'experiment.json'} is damaged: {error!r}") from None

    def result(self, trial: Trial) -> Result | None:
        """Of a trial that was run before; None for one that was not. Raises UsageError where it is damaged."""
        file = self.trials / trial.id / "result.json"
        if not file.exists():
            return None
        try:
            result = Result.from_json(_read_json(file))
            if result.trial != trial:
                raise ValueError(f"it is that of {result.trial.title}")
        except (*DAMAGES, OSError) as error:
            raise UsageError(f"{file} is damaged: {error}; remove its folder to have it measured again") from None
        return result

    def _read(self) -> dict[str, Any]:
        file = self.path / "experiment.json"
        try:
            return _read_json(file)
        except OSError:
            raise UsageError(f"{self.path} holds no experiment; name a results folder") from None
        except DAMAGES as error:
            raise UsageError(f"{file} is damaged, or of another version: {error}; choose another --output") from None

    def series(self, trial: Trial) -> Series | None:
        """What was recorded in a trial; None where it failed before anything was."""
        try:
            return read(self.trials / trial.id / "series.jsonl")
        except SeriesError:
            return None

    def costs(self, trial: Trial) -> list[ResourceSample]:
        """What was looked at in a trial, second by second."""
        return read_costs(self.trials / trial.id / "costs.jsonl")

    def write_report(self, **texts: str) -> Path:
        """Writes report.<ending> for each ending given, and returns that which ends with .html."""
        page = self.path / "report.html"
        write_each(page, texts)
        return page

    @contextmanager
    def unfinished(self, trial: Trial) -> Iterator[Path]:
        """The folder in which a trial is measured. It gets the trial's name on leaving, unless by an exception."""
        folder = self.trials / unfinished(trial.id)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield folder
        whole = self.trials / trial.id
        shutil.rmtree(whole, ignore_errors=True)
        folder.rename(whole)


def write_json(file: Path, content: dict[str, Any]) -> None:
    """Writes a file that people can read too; it is there as a whole or not at all."""
    write_text(file, json.dumps(content, indent=2) + "\n")


def write_each(page: Path, texts: Mapping[str, str]) -> None:
    """Writes a report: each text beside the page, under its name but with the ending of the text."""
    for ending, text in texts.items():
        write_text(page.with_suffix(f".{ending}"), text)


def write_text(file: Path, text: str) -> None:
    """Writes a file that is there as a whole or not at all."""
    _part(file).write_text(text, encoding="utf-8")
    _part(file).replace(file)


def _part(file: Path) -> Path:
    return file.with_name(f"{file.name}.part")


def _read_json(file: Path) -> dict[str, Any]:
    content = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or content.get("format_version") != FORMAT_VERSION:
        raise ValueError(f"it is not of results format {FORMAT_VERSION}")
    return content
