"""The results folder of an experiment: its layout, and how it is read and written.

experiment.json              the experiment without passwords, and when, where and with which versions it began
decisions.json               what --until-decided has decided, as it was when it was decided
left-out.json                which trials --until-decided and --budget have left out, and why
logs/                        output of the programs that ran before the first trial
logs/warm-up/                what the trial left that was run first and thrown away
trials/<id>/result.json      a trial's figures, or why there are none
trials/<id>/series.jsonl     its time series
trials/<id>/failures.json    its failures by kind and message, with examples
trials/<id>/costs.jsonl      what server, services and machine used, a line a second
trials/<id>/*.log            output of its programs
report.html, .md, .json      the verdict and the tables; report.html has charts too

A trial is measured in trials/<id>.unfinished, which is renamed when the trial is complete. So a folder with a trial's
name is complete, and a run that was stopped continues with the first trial that has no folder.
"""

import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Any

from locust_asyncdjango.failures.normalize import safe_value
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.decision import Decision
from locust_asyncdjango.lab.experiment.result import (
    FORMAT_VERSION,
    READABLE_VERSIONS,
    ResourceSample,
    Result,
    read_resource_samples,
)
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.lab.experiment.trial import Trial, unfinished_name
from locust_asyncdjango.metrics.file_lock import exclusive_lock
from locust_asyncdjango.metrics.series_file import Series, SeriesError, has_header, read
from locust_asyncdjango.metrics.strict_json import dumps, loads, read_value

PROVENANCE_TYPES: Mapping[str, Any] = {
    "started": str,
    **dict.fromkeys(("versions", "machine", "services", "project"), dict[str, Any]),
}
"""What experiment.json has beside the experiment: when, where and with which versions it began."""
MALFORMED = (AttributeError, LookupError, TypeError, ValueError, OverflowError, RecursionError)
"""The exceptions that a file raises when it is read, if somebody has edited it or it is incomplete."""

_LACKS_SECRETS = "lacks_secrets"
"""A member of experiment.json that is true where *** stands for texts of the experiment."""


class LeftOut(StrEnum):
    """Why a trial was not run: its verdict was decided before, or it would not have ended within the budget."""

    DECIDED = "decided"
    BUDGET = "budget"


def without_secrets(experiment: Experiment) -> Experiment:
    """Return the experiment as it is written: with *** for passwords and tokens, in the URL of a server for example."""
    return Experiment.from_json(safe_value(asdict(experiment)))


class ResultsFolder:
    """The results of one experiment."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.trials = self.path / "trials"
        self.logs = self.path / "logs"
        self._file = self.path / "experiment.json"
        self._decisions_file = self.path / "decisions.json"
        self._left_out_file = self.path / "left-out.json"

    @contextmanager
    def open_for(self, experiment: Experiment, provenance: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Make the folder, or continue with the one that holds this experiment, and lock it within the context.

        provenance: when, where and with which versions the run starts; it is written if the folder is new.
        Yield the provenance of the run that made the folder.
        Raise UsageError where the folder holds anything else, cannot be written, or is in use by another run.
        """
        with ExitStack() as stack:
            try:
                self.path.mkdir(parents=True, exist_ok=True)
                stack.enter_context(exclusive_lock(self.path, wait=False))
                self._make(experiment, provenance)
            except BlockingIOError:
                raise UsageError(
                    f"another run writes to {self.path}; wait for its end, or choose another --output"
                ) from None
            except OSError as error:
                raise UsageError(f"cannot write to {self.path} ({error.strerror}); choose another --output") from None
            yield self.provenance()

    def provenance(self) -> dict[str, Any]:
        """Return when, where and with which versions the experiment began. Raise UsageError where there is none."""
        members: dict[str, Any] = safe_value(self._read())
        return {name: value for name, value in members.items() if name in PROVENANCE_TYPES}

    def experiment(self) -> Experiment:
        """Return the experiment without its passwords and tokens. Raise UsageError where there is none."""
        return without_secrets(self._experiment())

    def experiment_to_resume(self) -> Experiment:
        """Return the experiment. Raise UsageError where there is none, or its passwords and tokens were left out."""
        if self._read().get(_LACKS_SECRETS):
            raise UsageError(
                f"{self._file} does not hold the passwords and tokens of the experiment; to continue it, repeat the"
                f" command that began it with --output {self.path}"
            )
        return self._experiment()

    def result(self, trial: Trial) -> Result | None:
        """Return the result of a trial; None for one that was not run. Raise UsageError where it is damaged."""
        file = self._trial_file(trial, "result.json")
        if not file.exists():
            return None
        try:
            result = Result.from_json(safe_value(_read_json(file)))
            if result.trial != trial:
                raise ValueError(f"it is the result of {result.trial.title}")
        except (ValueError, OSError) as error:
            raise _damaged(file, error) from None
        return result

    def is_measured(self, trials: Iterable[Trial]) -> bool:
        """Return whether all trials have figures. Raise UsageError where a result is damaged."""
        return all((result := self.result(trial)) and result.figures for trial in trials)

    def series(self, trial: Trial) -> Series | None:
        """Return the series of a trial; None for one that failed before Locust had recorded anything.

        Raise UsageError where it is damaged.
        """
        file = self._trial_file(trial, "series.jsonl")
        try:
            return read(file) if has_header(file) else None
        except SeriesError as error:
            raise _damaged(file, error) from None

    def resource_samples(self, trial: Trial) -> list[ResourceSample]:
        """Return what server, services and machine used in a trial, second by second.

        Raise UsageError where the file is damaged.
        """
        file = self._trial_file(trial, "costs.jsonl")
        try:
            return read_resource_samples(file)
        except (ValueError, OSError) as error:
            raise _damaged(file, error) from None

    def decisions(self) -> tuple[Decision, ...]:
        """Return what was decided so far, in its order. Raise UsageError where the file is damaged."""
        if not self._decisions_file.exists():
            return ()
        try:
            content = safe_value(_read_json(self._decisions_file))
            return tuple(
                map(Decision.from_json, read_value(list[dict[str, Any]], content.get("decisions"), "decisions"))
            )
        except (ValueError, OSError) as error:
            raise UsageError(
                f"{self._decisions_file} is damaged: {error}; restore it, or measure anew with another --output"
            ) from None

    def write_decisions(self, decisions: Sequence[Decision]) -> None:
        """Write all that was decided so far, in the place of what was written before."""
        content = {"format_version": FORMAT_VERSION, "decisions": [each.to_json() for each in decisions]}
        write_json(self._decisions_file, content)

    def left_out(self) -> dict[str, LeftOut]:
        """Return why trials were left out, by their id. Raise UsageError where the file is damaged."""
        if not self._left_out_file.exists():
            return {}
        try:
            content = safe_value(_read_json(self._left_out_file))
            reasons = read_value(dict[str, str], content.get("trials"), "trials")
            return {trial: LeftOut(reason) for trial, reason in reasons.items()}
        except (ValueError, OSError) as error:
            raise UsageError(f"{self._left_out_file} is damaged: {error}; remove it") from None

    def write_left_out(self, reasons: Mapping[str, LeftOut]) -> None:
        """Write why trials were left out so far, in the place of what was written before."""
        write_json(self._left_out_file, {"format_version": FORMAT_VERSION, "trials": dict(reasons)})

    def _trial_file(self, trial: Trial, name: str) -> Path:
        file = self.trials / trial.id / name
        if file.exists() and not file.is_file():  # such as a pipe, or a link to a device: reading it may never end
            raise _damaged(file, ValueError("it is not a regular file"))
        return file

    def write_report(self, **texts: str) -> Path:
        """Write report.<ending> for each ending and its text, and return the path of report.html."""
        page = self.path / "report.html"
        write_each(page, texts)
        return page

    @contextmanager
    def trial_folder(self, trial: Trial) -> Iterator[Path]:
        """Yield an empty folder to measure a trial in. Without an exception, it gets the trial's name at the end."""
        folder = self.trials / unfinished_name(trial.id)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield folder
        complete = self.trials / trial.id
        shutil.rmtree(complete, ignore_errors=True)
        folder.rename(complete)

    @contextmanager
    def warm_up_folder(self) -> Iterator[Path]:
        """Yield an empty folder for the trial that warms up the machine. It is no result, and no reader looks at it."""
        folder = self.logs / "warm-up"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield folder

    def _experiment(self) -> Experiment:
        try:
            return Experiment.from_json(read_value(dict[str, Any], self._read().get("experiment"), "experiment"))
        except ValueError as error:
            raise UsageError(f"{self._file} is damaged: {error}") from None

    def _make(self, experiment: Experiment, provenance: Mapping[str, Any]) -> None:
        if not self._file.exists() and {path.name for path in self.path.iterdir()} - {_part(self._file).name}:
            raise UsageError(f"{self.path} holds other files; choose another --output")
        with tempfile.TemporaryFile(dir=self.path):
            pass
        # This is the first file that is written: a folder without it holds no other file of ours.
        if not self._file.exists():
            written = without_secrets(experiment)
            content = {"format_version": FORMAT_VERSION, "experiment": asdict(written), **provenance}
            write_json(self._file, content if written == experiment else {**content, _LACKS_SECRETS: True})
        elif self.experiment() != without_secrets(experiment):
            raise UsageError(f"{self.path} holds the results of another experiment; choose another --output")
        self.trials.mkdir(exist_ok=True)
        self.logs.mkdir(exist_ok=True)

    def _read(self) -> dict[str, Any]:
        try:
            content = _read_json(self._file)
            for name, type_ in PROVENANCE_TYPES.items():
                if name in content:
                    read_value(type_, content[name], name)
            return content
        except OSError:
            raise UsageError(f"{self.path} holds no experiment; name a results folder") from None
        except ValueError as error:
            raise UsageError(
                f"{self._file} is damaged, or of another version: {error}; choose another --output"
            ) from None


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write indented JSON. The file is either complete or not there at all."""
    write_text(file, dumps(content, indent=2) + "\n")


def write_each(page: Path, texts: Mapping[str, str]) -> None:
    """Write texts by file name ending (the keys) to files beside the page, with its name and their own ending."""
    for ending, text in texts.items():
        write_text(page.with_suffix(f".{ending}"), text)


def write_text(file: Path, text: str) -> None:
    """Write a text. The file is either complete, or as it was before."""
    # A link stays one, and what it leads to is replaced.
    target = file.resolve()
    try:
        _part(target).write_text(text, encoding="utf-8", errors="backslashreplace")
        _part(target).replace(target)
    except OSError:
        _part(target).unlink(missing_ok=True)
        raise


def _damaged(file: Path, error: Exception) -> UsageError:
    return UsageError(f"{file} is damaged: {error}; remove its folder to have it measured again")


def _part(file: Path) -> Path:
    return file.with_name(f"{file.name}.part")


def _read_json(file: Path) -> dict[str, Any]:
    if file.exists() and not file.is_file():  # such as a pipe
        raise ValueError("it is not a regular file")
    content = loads(file.read_bytes())
    if not isinstance(content, dict) or content.get("format_version") not in READABLE_VERSIONS:
        raise ValueError(f"it is not of results format {READABLE_VERSIONS[0]} to {READABLE_VERSIONS[-1]}")
    return content
