"""What Locust leaves of a run, and what of it is no result."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango.failures.counts import FAILURES_FORMAT, FAILURES_VERSION
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.measure.recorded_run import hide_in_failures, read_run
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import header, json_line

WHOLE: dict[str, Any] = {"failures": [], "samples": []}
FULL_DISK = {"kind": "db_error", "body": '{"exception": "OperationalError", "sqlstate": "53100"}'}
OTHER_BODIES = [{"kind": "db_error", "body": body} for body in ("", "<html>", "[]", "53100", '{"sqlstate": "23505"}')]


def recorded(folder: Path, run_time: int | None, last_s: int, failures: Mapping[str, Any], ok: int = 5) -> None:
    """Write what Locust leaves: a series with a row in each second up to the last, and the file of failures."""
    rows = (json_line(Row(t, users=3, ok=ok).to_json()) for t in range(last_s + 1))
    (folder / "series.jsonl").write_text(json_line(header(run_time=run_time)) + "".join(rows))
    content = {"format": FAILURES_FORMAT, "version": FAILURES_VERSION, **failures}
    (folder / "failures.json").write_text(json.dumps(content))


def refusal(folder: Path) -> str:
    """Return the message with which a run is refused."""
    with pytest.raises(TrialError) as refused:
        read_run(folder / "series.jsonl", folder / "failures.json")
    return str(refused.value)


def test_secrets_are_hidden_in_a_file_of_failures_whole_or_not(tmp_path: Path) -> None:
    file = tmp_path / "failures.json"
    hide_in_failures(file, str.upper)  # there need not be one
    for text, hidden in (
        ('{"failures": [{"message": "a"}], "count": 1}', '{"failures": [{"message": "A"}], "count": 1}'),
        ('{"message": "a', '{"MESSAGE": "A'),
    ):
        file.write_text(text)
        hide_in_failures(file, str.upper)
        assert file.read_text() == hidden


@pytest.mark.parametrize("run_time", [None, 10, 11])
def test_a_run_that_came_to_its_end_is_read(run_time: int | None, tmp_path: Path) -> None:
    recorded(tmp_path, run_time, 9, {**WHOLE, "samples": OTHER_BODIES, "interrupted_by": ""})
    series = read_run(tmp_path / "series.jsonl", tmp_path / "failures.json")
    assert (series.total.t, series.total.ok) == (9, 50)


def test_a_run_without_files_is_no_trial(tmp_path: Path) -> None:
    assert refusal(tmp_path).startswith("Locust left no series: ")
    recorded(tmp_path, 10, 9, WHOLE)
    (tmp_path / "failures.json").write_text('{"format": "locust-as')
    assert refusal(tmp_path).startswith("Locust left no whole failures.json: ")
    assert refusal(tmp_path).endswith("; check that the disk is not full")


@pytest.mark.parametrize(
    ("run_time", "last_s", "failures", "ok", "message"),
    [
        (60, 9, WHOLE, 5, "only 10 of 60 s were recorded; check that the disk is not full"),
        (12, 9, WHOLE, 5, "only 10 of 12 s were recorded; check that the disk is not full"),
        (10, 9, {**WHOLE, "unfinished": True}, 5, "Locust did not come to the end of the run; see "),
        (
            10,
            5,
            {**WHOLE, "interrupted_by": "SIGTERM"},
            5,
            "Locust ended early: SIGTERM stopped it in second 6 of 10 s",
        ),
        (None, 5, {**WHOLE, "interrupted_by": "SIGINT"}, 5, "Locust ended early: SIGINT stopped it in second 6; "),
        (10, 9, WHOLE, 0, "no request was answered; see the log of the server; run --resume measures"),
        (10, 9, {**WHOLE, "samples": [*OTHER_BODIES, FULL_DISK]}, 5, "the database's disk was full (SQLSTATE 53100); "),
    ],
)
def test_a_run_that_was_cut_off_or_disturbed_is_no_trial(
    run_time: int | None, last_s: int, failures: dict[str, Any], ok: int, message: str, tmp_path: Path
) -> None:
    recorded(tmp_path, run_time, last_s, failures, ok)
    assert refusal(tmp_path).startswith(message)
