"""``compare``: exit codes, files, and what it tolerates."""

import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_json
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import header, json_line
from tests.support.experiments import SYNC, VERSION_3, experiment


@pytest.mark.parametrize("share", ["-1", "1.5", "200%", "much", "nan"])
def test_what_is_tolerated_is_a_share(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["compare", "a", "b", f"--tolerate={share}"])
    assert re.search(r"(is not a share|must be below 100 %), such as 10% or 0\.1", capsys.readouterr().err)


def folder(path: Path) -> Path:
    """With a result."""
    results = ResultsFolder(path)
    with results.open_for(experiment(), {"started": "now"}), results.trial_folder(SYNC.trial) as place:
        write_json(place / "result.json", SYNC.to_json())
    return path


def test_folders_are_compared_and_stay_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = folder(tmp_path / "a"), folder(tmp_path / "b")
    assert cli.main(["compare", str(before), str(after), "--output", str(tmp_path / "changes.html")]) == 0
    assert "0 of 1 arms carry less by more than 10%" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.glob("changes.*")) == ["changes.html", "changes.json", "changes.md"]
    assert cli.main(["compare", str(before), str(after), "--output", str(before / "experiment.html")]) == 2
    assert "is in a results folder" in capsys.readouterr().err
    assert cli.main(["compare", str(before), str(after), "--output", "/dev/null/changes.html"]) == 2
    assert (
        "cannot write /dev/null/changes.html (its folder cannot be made); choose another --output"
        in capsys.readouterr().err
    )


def write_run(path: Path, ok: int, seconds: int = 20, **members: Any) -> Path:
    """Write the series of a run of ten users, which has so many successes in each second."""
    rows = [Row(t, 10, ok, ok_ms=Counter({20.0: ok})) for t in range(seconds)]
    lines = [header(user_classes=["IoReadUser"], started=str(path), **members), *(row.to_json() for row in rows)]
    path.write_text("".join(map(json_line, lines)))
    return path


def test_two_runs_of_locust_are_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = write_run(tmp_path / "a.jsonl", 50, shape="Ramp"), write_run(tmp_path / "b.jsonl", 30, shape="Soak")
    output = tmp_path / "new" / "changes.html"
    assert cli.main(["compare", str(before), str(after), "--output", str(output)]) == 3
    lines = capsys.readouterr().out.splitlines()
    assert lines.pop(2).startswith("IoReadUser: 30.0 against 50.0 req/s")
    assert lines == [
        "shape was Ramp, and is Soak",
        "one arm was measured in both: if the machine was slower, that looks like a change",
        "1 of 1 arms carry less by more than 10%",
        "one run each: it is assumed that runs differ by 10%, so that smaller changes are not certain; measure both"
        " with --repeats 3 to know",
        f"Report: {output}",
    ]
    assert "What changed from a.jsonl to b.jsonl" in output.read_text()
    assert cli.main(["compare", str(after), str(before)]) == 0


def test_what_cannot_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, results = write_run(tmp_path / "a.jsonl", 50), folder(tmp_path / "results")
    nothing = write_run(tmp_path / "nothing.jsonl", 0)
    assert cli.main(["compare", str(run), str(nothing)]) == 0
    assert "no request was answered" in capsys.readouterr().out
    for second, message in (
        (results, "are a folder and a file; compare two of the same sort"),
        (tmp_path / "run.csv", "cannot read the series"),
        (tmp_path / "results" / "experiment.json", "is not a series"),
    ):
        assert cli.main(["compare", str(run), str(second)]) == 2
        assert message in capsys.readouterr().err
    json_run = run.rename(tmp_path / "a.json")
    assert cli.main(["compare", str(json_run), str(json_run), "--output", str(tmp_path / "a.html")]) == 2
    assert "which it is made from; name another --output" in capsys.readouterr().err


def test_a_folder_of_version_3_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = shutil.copytree(VERSION_3, tmp_path / "before")
    assert cli.main(["compare", str(before), str(before)]) == 0
    assert "0 of 2 arms carry less by more than 10%" in capsys.readouterr().out
