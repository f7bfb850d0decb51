"""What ``run`` makes of its command line, file and preset."""

import os
import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.commands import run
from locust_asyncdjango.lab.commands.budgets import output_folder
from locust_asyncdjango.lab.environment.servers import SERVERS
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.arm import Arm
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder
from locust_asyncdjango.lab.experiment.spec import Experiment, Load
from tests.support.experiments import VERSION_3, experiment


def requested(*arguments: str | Path) -> Experiment:
    """Return the experiment of a command line."""
    return run.requested(cli.parser().parse_args(["run", *map(str, arguments)]))[0]


def test_published_servers_and_own_ones_are_measured_where_none_are_named(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('[server.mine]\nurl = "http://127.0.0.1:8000"\ninterface = "wsgi"\n')
    assert requested().servers == ("gunicorn-sync", "gunicorn-uvicorn")
    assert requested(file).servers == ("gunicorn-sync", "gunicorn-uvicorn", "mine")
    assert requested(file, "--servers", "all").servers == (*SERVERS, "mine")
    assert set(SERVERS) - set(requested("--servers", "all", "--workers", "2").servers) == {"daphne", "waitress"}


def test_every_flag_has_its_default_where_it_is_not_there() -> None:
    assert requested() == Experiment(servers=("gunicorn-sync", "gunicorn-uvicorn"))


def test_repeated_arms_have_an_a_a_pair_unless_it_is_left_out() -> None:
    assert [requested(*flags).a_a_pairs for flags in ((), ("--repeats", "3"))] == [0, 1]
    assert requested("--repeats", "3", "--a-a-pairs", "0").a_a_pairs == 0


def test_a_preset_overrides_the_file_and_the_command_line_the_preset(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('routes = ["cpu"]\nrun_time = "3m"\nusers = 500\n')
    experiment = requested(file, "--preset", "quick", "--users", "7")
    assert (experiment.routes, experiment.load) == (("cpu",), Load("RampTo500", "7", "50", "28s"))


def test_arms_on_the_command_line_replace_servers_of_the_file_and_the_reverse(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('servers = ["uvicorn"]\nvariants = ["async"]\nmax_connections = 5\n')
    assert requested(file).arms_on("cpu") == [Arm("uvicorn", "async", 5)]
    assert requested(file, "--arms", "gunicorn-sync").arms_on("cpu") == [Arm("gunicorn-sync")]
    file.write_text('arms = ["uvicorn@7"]\nuntil_decided = true\nrepeats = 3\npreset = "quick"\n')
    assert requested(file, "--servers", "gunicorn-sync").arms_on("cpu") == [Arm("gunicorn-sync")]
    assert requested(file, "--max-connections", "9").arms_on("cpu")[0] == Arm("gunicorn-sync", "", 9)
    assert requested(file).until_decided
    assert not requested(file, "--no-until-decided").until_decided
    assert requested(file).load.run_time == "28s"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["mine.toml", "--install"], "--install and --prepare-again are for a project of your own: name its"),
        (["mine.toml", "--prepare-again"], "--install and --prepare-again are for a project of your own: name its"),
        (["--resume", "results", "--prepare-again"], "--resume continues .*: leave out all other arguments"),
    ],
)
def test_flags_of_projects_are_refused_where_they_would_do_nothing(arguments: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run.measure_experiment(cli.parser().parse_args(["run", *arguments]))


def test_the_results_folder_is_named_by_flag_or_file_or_has_the_time(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('output = "from-file"\n')

    def output(*arguments: str) -> Path:
        return output_folder(run.requested(cli.parser().parse_args(["run", *arguments]))[1])

    assert output(str(file)) == Path("from-file")
    assert output(str(file), "--output", "from-flag") == Path("from-flag")
    assert re.fullmatch(r"results/\d{4}-\d\d-\d\d-\d{6}", str(output()))


def test_a_resumed_run_has_the_sites_settings_of_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TARGET_SITE_MIDDLEWARE", "default")
    monkeypatch.setenv("TARGET_SITE_CONNECTIONS", "close")
    run.restore_site_variables(experiment(factors=(("TARGET_SITE_CONNECTIONS", "pool"),)))
    kept = {name: value for name, value in os.environ.items() if name.startswith("TARGET_SITE_")}
    assert kept == {"TARGET_SITE_CONNECTIONS": "pool"}
    with pytest.raises(UsageError, match="'PATH' = '/evil' is not a setting of the site"):
        run.restore_site_variables(experiment(factors=(("PATH", "/evil"),)))


def test_a_finished_folder_of_version_3_is_reported_and_nothing_is_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    results = shutil.copytree(VERSION_3, tmp_path / "results")
    before = {path: path.read_bytes() for path in results.rglob("*.json*")}
    assert cli.main(["run", "--resume", str(results)]) == 0
    assert (
        "orm_get: gunicorn-uvicorn carries 123.5 req/s at full load, gunicorn-sync 37.5 req/s; 3.29 times"
        in capsys.readouterr().out
    )
    assert {path: path.read_bytes() for path in before} == before


def test_the_same_command_goes_on_with_the_loads_and_repeats_that_were_chosen(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path / "results")
    asked = experiment(load=Load(), budget="8m")
    assert run.begun_experiment(asked, {}, folder) is None
    load = Load("Ramp:hold=12s", "500", "50")
    chosen = replace(asked, load=load, repeats=2, until_decided=True, ramp_users=(("io_read", 120),))
    with folder.open_for(chosen, {}):
        assert run.begun_experiment(asked, {}, folder) == chosen
    assert run.begun_experiment(replace(asked, posts=5), {}, folder) is None
    assert run.begun_experiment(replace(asked, load=Load(users="7")), {"users": "7"}, folder) is None
