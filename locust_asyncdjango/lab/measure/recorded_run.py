"""What Locust has recorded of a trial: read it, and refuse what is no whole run. Start reading at ``read_run``."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from locust_asyncdjango.analysis.formatting import not_measured_reason
from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.failures.counts import read_failures_document
from locust_asyncdjango.failures.normalize import safe_value
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.results_folder import write_text
from locust_asyncdjango.lab.measure.supervision import AGAIN
from locust_asyncdjango.metrics import series_file

MAX_MISSING_S = 1
"""Seconds that may be missing at the end of a series: a run may begin and end just before the end of a second."""
DISK_FULL = "53100"
"""The SQLSTATE of a database whose disk is full."""


def read_run(series_path: Path, failures_path: Path) -> series_file.Series:
    """Return the series of a run. Raise TrialError where it did not go on to its end, or measured nothing."""
    try:
        series = series_file.read(series_path)
    except series_file.SeriesError as error:
        raise TrialError(f"Locust left no series: {error}") from None
    failures = read_failures(failures_path)
    length_s, recorded_s = series.header.get("run_time") or 0, series.total.t + 1
    if signal_name := failures.get("interrupted_by"):
        planned = f" of {length_s:g} s" if length_s else ""
        raise TrialError(f"Locust ended early: {signal_name} stopped it in second {recorded_s}{planned}; {AGAIN}")
    if recorded_s < length_s - MAX_MISSING_S:
        raise TrialError(f"only {recorded_s} of {length_s:g} s were recorded; check that the disk is not full")
    if not (series.total.ok or series.total.failed.total()):
        reason = not_measured_reason(find_saturation(series.intervals))
        raise TrialError(f"{reason}; see the log of the server; {AGAIN}")
    if is_database_disk_full(failures):
        raise TrialError(f"the database's disk was full (SQLSTATE {DISK_FULL}); see that the disk has room; {AGAIN}")
    return series


def read_failures(path: Path) -> dict[str, Any]:
    """Return the file of failures, which Locust writes at the end of a run. Raise TrialError where it is not whole."""
    try:
        content = read_failures_document(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise TrialError(f"Locust left no whole {path.name}: {error}; check that the disk is not full") from None
    if content.get("unfinished"):
        raise TrialError(f"Locust did not come to the end of the run; see {path.with_name('locust.log')}; {AGAIN}")
    return content


def hide_in_failures(path: Path, hide: Callable[[str], str]) -> None:
    """Take secrets out of the file of failures, which has parts of responses. hide: takes them out of a text."""
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8", errors="replace")
    try:
        content = json.loads(text)
    except ValueError:
        hidden = hide(text)
    else:
        hidden = text if (clean := safe_value(content, hide)) == content else json.dumps(clean)
    if hidden != text:
        write_text(path, hidden)


def is_database_disk_full(failures: Mapping[str, Any]) -> bool:
    """Return whether a failed request's example says that the database's disk was full."""
    return any(_member(sample, "sqlstate") == DISK_FULL for sample in failures.get("samples", ()) if "body" in sample)


def _member(sample: Mapping[str, Any], name: str) -> str:
    """Return a member of the JSON problem that a failed request got, "" where it got none."""
    try:
        return str(json.loads(sample["body"])[name])
    except (ValueError, LookupError, TypeError):
        return ""
