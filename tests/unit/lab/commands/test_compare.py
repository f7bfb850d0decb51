"""``compare``: exit codes, files, and what it tolerates."""

import re
import shutil
from pathlib import Path

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_json
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
    assert "is in a folder that is compared" in capsys.readouterr().err
    assert cli.main(["compare", str(before), str(after), "--output", "/dev/null/changes.html"]) == 2
    assert (
        "cannot write /dev/null/changes.html (its folder cannot be made); choose another --output"
        in capsys.readouterr().err
    )


def test_a_folder_of_version_3_is_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = shutil.copytree(VERSION_3, tmp_path / "before")
    assert cli.main(["compare", str(before), str(before)]) == 0
    assert "0 of 2 arms carry less by more than 10%" in capsys.readouterr().out
