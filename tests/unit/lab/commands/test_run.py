"""What ``run`` makes of its command line, file and preset."""

import os
import shutil
from pathlib import Path

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.commands import run
from locust_asyncdjango.lab.environment.servers import SERVERS, Server
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.spec import Arm, Experiment
from tests.support.experiments import VERSION_3, experiment

MINE = Server("mine", "wsgi", 8, ("gunicorn", "--bind=127.0.0.1:{port}", "site.wsgi"))


def test_what_is_measured_where_nothing_is_named() -> None:
    def servers_of(own: tuple[Server, ...], *arguments: str) -> tuple[str, ...]:
        options = cli.parser().parse_args(["run", *arguments])
        options.own_servers = own
        return run.experiment_of(options).servers

    assert servers_of(()) == ("gunicorn-sync", "gunicorn-uvicorn")
    assert servers_of((MINE,)) == ("gunicorn-sync", "gunicorn-uvicorn", "mine")
    assert servers_of((), "--servers", "all") == tuple(SERVERS)
    assert set(SERVERS) - set(servers_of((), "--servers", "all", "--workers", "2")) == {"daphne", "waitress"}


def test_a_preset_comes_after_the_file_and_before_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('routes = ["cpu"]\nrun_time = "3m"\nusers = 500\n')
    arguments = ["run", str(file), "--preset", "quick", "--users", "7"]
    options = cli.with_file(cli.parser().parse_args(arguments), arguments)
    assert (options.routes, options.users, options.run_time) == (("cpu",), "7", "12s")


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


def test_a_run_goes_on_with_the_sites_settings_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET_SITE_MIDDLEWARE", "default")
    monkeypatch.setenv("TARGET_SITE_CONNECTIONS", "close")
    run.set_factors(experiment(factors=(("TARGET_SITE_CONNECTIONS", "pool"),)))
    kept = {name: value for name, value in os.environ.items() if name.startswith("TARGET_SITE_")}
    assert kept == {"TARGET_SITE_CONNECTIONS": "pool"}
    with pytest.raises(UsageError, match="'PATH' = '/evil' is no setting of the site"):
        run.set_factors(experiment(factors=(("PATH", "/evil"),)))


def test_a_finished_folder_of_version_3_is_reported_and_nothing_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = shutil.copytree(VERSION_3, tmp_path / "results")
    before = {path: path.read_bytes() for path in results.rglob("*.json*")}
    assert cli.main(["run", "--resume", str(results)]) == 0
    assert "orm_get: gunicorn-uvicorn peaks highest, 88.2 against 26.5 req/s" in capsys.readouterr().out
    assert {path: path.read_bytes() for path in before} == before
