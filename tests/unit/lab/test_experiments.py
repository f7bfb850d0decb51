"""Experiments: files and flags, arms, presets, folders that are gone on with, reported or compared."""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.commands import run
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.config_file import read_experiment, written
from locust_asyncdjango.lab.experiment.plan import trials
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_json
from locust_asyncdjango.lab.experiment.spec import Arm, Experiment, Load, arm
from tests.support.experiments import SYNC, experiment

EXAMPLES = Path(__file__).parents[3] / "examples"
MINE = Server("mine", "wsgi", 8, ("gunicorn", "--bind=127.0.0.1:{port}", "site.wsgi"))
STAGING = Server("staging", "asgi", url="http://127.0.0.1:8000")

EVERYTHING = Experiment(
    routes=("io_read", "cpu"),
    servers=(),
    load=Load("RampTo500", "100", "7", "40s"),
    posts=5,
    arms=(Arm("gunicorn-sync"), Arm("gunicorn-uvicorn", "async", 1000), Arm("mine")),
    latencies_ms=(0, 100),
    client_latency_ms=5,
    workers=2,
    own_servers=(replace(MINE, argv=(*MINE.argv, "--workers={workers}", 'a "word" ä')), replace(STAGING, slots=3)),
    repeats=4,
    a_a_pairs=2,
    until_decided=True,
    pin="off",
)


@pytest.mark.parametrize("wanted", [experiment(), EVERYTHING, experiment(servers=("mine",), own_servers=(MINE,))])
def test_an_experiment_comes_back_from_its_files(wanted: Experiment, tmp_path: Path) -> None:
    assert Experiment.from_json(json.loads(json.dumps(asdict(wanted)))) == wanted
    file = tmp_path / "experiment.toml"
    file.write_text(written(wanted), encoding="utf-8")
    assert asked_by(file) == wanted


def test_arms_take_the_place_of_servers_variants_and_limits() -> None:
    planned = trials(experiment(servers=(), arms=(Arm("gunicorn-sync"), Arm("gunicorn-uvicorn", "asyncpg", 1000))))
    assert [trial.title for trial in planned] == [
        "io_read on gunicorn-sync",
        "io_read/asyncpg on gunicorn-uvicorn (max_connections 1000)",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not SERVER/VARIANT@MAX_CONNECTIONS"),
        ("gunicorn-sync@many", "is not SERVER/VARIANT@MAX_CONNECTIONS"),
        ("gunicorn-sync/a/b", "is not SERVER/VARIANT@MAX_CONNECTIONS"),
        ("apache", "there is no server 'apache'"),
        ("gunicorn-sync/psycopg9", "there is no variant of io_read 'psycopg9'"),
        ("gunicorn-sync@0", "--arms: max_connections must be from 1 to 10000"),
        ("gunicorn-sync,gunicorn-sync@100", "name each of --arms once"),
    ],
)
def test_arms_are_checked(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        experiment(servers=(), arms=tuple(map(arm, text.split(","))))


def test_arms_do_not_go_with_servers() -> None:
    with pytest.raises(UsageError, match="--arms names servers, variants and limits: leave the flags for these out"):
        experiment(arms=(Arm("gunicorn-sync"),))


def test_until_decided_needs_a_most() -> None:
    with pytest.raises(UsageError, match="--until-decided needs --repeats N"):
        experiment(until_decided=True)


def asked_by(file: Path) -> Experiment:
    read = read_experiment(file)
    options = cli.parser().parse_args(["run", *read.flags])
    options.own_servers = read.own_servers
    return run.experiment_of(options)


@pytest.mark.parametrize(
    ("name", "count"),
    [("experiment", 24), ("external", 6), ("latency", 27), ("list_detail", 2), ("wsgi_asgi", 26)],
)
def test_the_examples_are_experiments(name: str, count: int) -> None:
    assert len(trials(asked_by(EXAMPLES / f"{name}.toml"))) == count


def test_a_preset_comes_after_the_file_and_before_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('routes = ["cpu"]\nrun_time = "3m"\nusers = 500\n')
    arguments = ["run", str(file), "--preset", "quick", "--users", "7"]
    options = cli.with_file(cli.parser().parse_args(arguments), arguments)
    assert (options.routes, options.users, options.run_time) == (("cpu",), "7", "12s")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--resume", "nowhere"], "nowhere holds no experiment; name a results folder"),
        (["run", "--resume", "nowhere", "--posts", "5"], "--resume goes on with what the folder's experiment asks for"),
        (["report", "."], "holds no experiment"),
        (["report", ".", "--output", "x.html"], "the report of a results folder goes into it"),
        (["compare", "nowhere", "nowhere"], "holds no experiment"),
        (["compare", "a", "b", "--output", "x.txt"], "does not end with .html"),
    ],
)
def test_folders_are_checked(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert cli.main(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


@pytest.mark.parametrize("share", ["-1", "1.5", "200%", "much", "nan"])
def test_what_is_tolerated_is_a_share(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parser().parse_args(["compare", "a", "b", f"--tolerate={share}"])
    assert "is no share below 1, such as 10% or 0.1" in capsys.readouterr().err


def asked(*arguments: str) -> Experiment:
    """By a command line."""
    return run.experiment_of(cli.with_file(cli.parser().parse_args(arguments), arguments))


def test_what_the_command_line_compares_takes_the_place_of_what_the_file_does(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('servers = ["uvicorn"]\nvariants = ["async"]\nmax_connections = 5\n')
    assert asked("run", str(file)).arms_of("cpu") == [Arm("uvicorn", "async", 5)]
    assert asked("run", str(file), "--arms", "gunicorn-sync").arms_of("cpu") == [Arm("gunicorn-sync")]
    file.write_text('arms = ["uvicorn@7"]\nuntil_decided = true\nrepeats = 3\npreset = "quick"\n')
    assert asked("run", str(file), "--servers", "gunicorn-sync").arms_of("cpu") == [Arm("gunicorn-sync")]
    assert asked("run", str(file), "--max-connections", "9").arms_of("cpu")[0] == Arm("gunicorn-sync", "", 9)
    assert asked("run", str(file)).until_decided
    assert not asked("run", str(file), "--no-until-decided").until_decided
    assert asked("run", str(file)).load.run_time == "12s"


def test_odd_texts_come_back_from_a_file(tmp_path: Path) -> None:
    odd = replace(MINE, argv=(*MINE.argv, "\U0001f600 \x7f \n \\ \u2028"))
    wanted = experiment(servers=("mine",), own_servers=(odd,), factors=(("TARGET_SITE_X", "a\nposts = 7"),))
    file = tmp_path / "odd.toml"
    file.write_text(written(wanted), encoding="utf-8")
    assert asked_by(file) == replace(wanted, factors=())


def test_two_trials_with_one_name_are_refused() -> None:
    again = replace(MINE, name="mine-run2")
    with pytest.raises(UsageError, match="two trials would be named io_read-mine-run2"):
        trials(experiment(servers=("mine", "mine-run2"), own_servers=(MINE, again), repeats=2))
    again = replace(MINE, name="mine.unfinished")
    with pytest.raises(UsageError, match=r"two trials would be named io_read-mine\.unfinished"):
        trials(experiment(servers=("mine", "mine.unfinished"), own_servers=(MINE, again)))


def test_processors_that_there_are_not_here_are_no_matter_until_it_is_run() -> None:
    elsewhere = experiment(pin="9997:9998:9999")
    with pytest.raises(UsageError, match="there is no processor 9997 here"):
        elsewhere.check_here()


def test_a_run_goes_on_with_the_sites_settings_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET_SITE_MIDDLEWARE", "default")
    monkeypatch.setenv("TARGET_SITE_CONNECTIONS", "close")
    run.set_factors(experiment(factors=(("TARGET_SITE_CONNECTIONS", "pool"),)))
    kept = {name: value for name, value in os.environ.items() if name.startswith("TARGET_SITE_")}
    assert kept == {"TARGET_SITE_CONNECTIONS": "pool"}
    with pytest.raises(UsageError, match="'PATH' = '/evil' is no setting of the site"):
        run.set_factors(experiment(factors=(("PATH", "/evil"),)))


def folder(path: Path) -> Path:
    """With a result."""
    results = ResultsFolder(path)
    with results.opened(experiment(), {"started": "now"}), results.unfinished(SYNC.trial) as place:
        write_json(place / "result.json", SYNC.to_json())
    return path


def test_the_report_of_a_folder_is_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    results = folder(tmp_path / "[results]")
    assert cli.main(["report", str(results)]) == 0
    assert f"Report: {results / 'report.html'}" in capsys.readouterr().out
    assert json.loads((results / "report.json").read_text())["started"] == "now"


def test_folders_are_compared_and_stay_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before, after = folder(tmp_path / "a"), folder(tmp_path / "b")
    assert cli.main(["compare", str(before), str(after), "--output", str(tmp_path / "changes.html")]) == 0
    assert "0 of 1 arms carry less by more than 10%" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.glob("changes.*")) == ["changes.html", "changes.json", "changes.md"]
    assert cli.main(["compare", str(before), str(after), "--output", str(before / "experiment.html")]) == 2
    assert "lies in a folder that is compared" in capsys.readouterr().err
    assert cli.main(["compare", str(before), str(after), "--output", "/dev/null/changes.html"]) == 2
    assert (
        "cannot write /dev/null/changes.html (its folder cannot be made); choose another --output"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("change", ['"peak_per_s": null', '"peak_per_s": "many"'])
def test_a_result_that_somebody_has_changed_is_told(
    change: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = folder(tmp_path / "a")
    file = results / "trials" / SYNC.trial.id / "result.json"
    file.write_text(file.read_text().replace('"peak_per_s": 23.0', change))
    for command in (["report", str(results)], ["compare", str(results), str(results)]):
        assert cli.main(command) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "is damaged" in line
