"""``report`` of a results folder."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_json
from locust_asyncdjango.metrics.row import Row
from tests.support.experiments import SYNC, VERSION_3, experiment
from tests.support.series import recorder_of, write_series


def folder(path: Path) -> Path:
    """With a result."""
    results = ResultsFolder(path)
    with results.open_for(experiment(), {"started": "now"}), results.trial_folder(SYNC.trial) as place:
        write_json(place / "result.json", SYNC.to_json())
    return path


def test_the_report_of_a_folder_is_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = folder(tmp_path / "[results]")
    assert cli.main(["report", str(results)]) == 0
    assert f"Report: {results / 'report.html'}" in capsys.readouterr().out
    assert json.loads((results / "report.json").read_text())["started"] == "now"


@pytest.mark.parametrize("change", ['"peak_per_s": null', '"peak_per_s": "many"'])
def test_an_edited_result_is_reported_as_damaged(
    change: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = folder(tmp_path / "a")
    file = results / "trials" / SYNC.trial.id / "result.json"
    file.write_text(file.read_text().replace('"peak_per_s": 23.0', change))
    for command in (["report", str(results)], ["compare", str(results), str(results)]):
        assert cli.main(command) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "is damaged" in line


def test_a_file_that_is_no_series_is_refused_as_that(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "README.md"  # the report of it would be written over it
    source.write_text("# A project\n")
    assert cli.main(["report", str(source)]) == 2
    assert capsys.readouterr().err.startswith(f"locust-asyncdjango: error: {source} is not a series")
    assert source.read_text() == "# A project\n"


def test_a_series_is_not_overwritten_by_its_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_series(tmp_path / "run.json", recorder_of((1000.5, "", 20.0, 10, "GET /")).take())
    assert cli.main(["report", str(source)]) == 2
    assert "which it is made from; name another --output" in capsys.readouterr().err


def test_a_folder_of_version_3_is_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = shutil.copytree(VERSION_3, tmp_path / "results")
    assert cli.main(["report", str(results)]) == 0
    assert (
        "orm_get: gunicorn-uvicorn carries 123.5 req/s at full load, gunicorn-sync 37.5 req/s; 3.29 times"
        in capsys.readouterr().out
    )
    assert "other programs used 171 % of a processor" in (results / "report.md").read_text()


def test_a_report_that_fails_leaves_no_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write_series(tmp_path / "run.jsonl", recorder_of((1000.5, "", 20.0, 10, "GET /")).take())
    (tmp_path / "new.json").mkdir()
    assert cli.main(["report", str(source), "--output", str(tmp_path / "new.html")]) == 2
    assert "choose another --output" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir() if not path.name.startswith(("run", "new.html", "new.md"))] == [
        "new.json"
    ]
    assert all(path.stat().st_size for path in tmp_path.iterdir() if path.is_file())
    assert cli.main(["report", str(source), "--output", "/proc/1/x/run.html"]) == 2
    assert "its folder cannot be made" in capsys.readouterr().err


def test_a_report_behind_a_link_is_written_through_it(tmp_path: Path) -> None:
    source = write_series(tmp_path / "run.jsonl", recorder_of((1000.5, "", 20.0, 10, "GET /")).take())
    page, link = tmp_path / "page.html", tmp_path / "link.html"
    page.write_text("")
    link.symlink_to(page)
    assert cli.main(["report", str(source), "--output", str(link)]) == 0
    assert link.is_symlink()
    assert page.stat().st_size > 0


def test_a_report_for_another_objective(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results, page = folder(tmp_path / "results"), tmp_path / "other" / "strict.html"
    assert cli.main(["report", str(results), "--objective", "p95<=300ms", "--output", str(page)]) == 0
    assert (
        "objective: capacity is within p95 <= 300ms; the run had failures <= 1% and p95 <= 1s; these trials have no"
        in (" ".join(capsys.readouterr().out.split()))
    )
    assert (
        "objective: p95 &lt;= 300ms (run with failures &lt;= 1% and p95 &lt;= 1s)"
        in page.with_suffix(".md").read_text()
    )
    assert not (results / "report.html").exists()
    recorded = json.loads(page.with_suffix(".json").read_text())
    assert recorded["recorded_objective"] == "failures <= 1% and p95 <= 1s"
    rows = [Row(t, 2 * t, 40, ok_ms=Counter({20.0 * t + 1: 40})) for t in range(30)]
    source = write_series(tmp_path / "run.jsonl", rows)
    assert cli.main(["report", str(source), "--objective", "p95<=300ms"]) == 0
    run = json.loads(source.with_suffix(".json").read_text())
    capacity = run["saturation"]["capacity"]
    assert (capacity["objective"], capacity["users"]) == ("p95 <= 300ms", 28)
    assert run["run_info"]["objective"] == "p95 <= 300ms (the run had failures <= 1% and p95 <= 1s)"


@pytest.mark.parametrize("objective", ["p95", "p95>1s", "", "rps<=5"])
def test_a_bad_objective_is_refused_in_a_line(
    objective: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = folder(tmp_path / "results")
    with pytest.raises(SystemExit) as exit_:
        cli.main(["report", str(results), "--objective", objective])
    (line,) = capsys.readouterr().err.splitlines()
    assert (exit_.value.code, line.startswith("locust-asyncdjango: error: argument --objective: ")) == (2, True)


def test_a_report_is_not_written_over_a_results_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = folder(tmp_path / "results")
    before = (results / "experiment.json").read_text()
    assert cli.main(["report", str(results), "--output", str(results / "experiment.html")]) == 2
    assert "is in a results folder; name another place" in capsys.readouterr().err
    assert (results / "experiment.json").read_text() == before
