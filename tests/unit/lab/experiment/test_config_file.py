"""Experiment files: their keys, the user's own servers, and a file that is read as it was written."""

import json
import re
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.commands import run
from locust_asyncdjango.lab.commands.arguments import Parser
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.arm import Arm
from locust_asyncdjango.lab.experiment.config_file import (
    OPTIONS,
    PRESETS,
    ExperimentFile,
    read_experiment,
    read_values,
    to_toml,
)
from locust_asyncdjango.lab.experiment.options import declared_options
from locust_asyncdjango.lab.experiment.schedule.plan import trials
from locust_asyncdjango.lab.experiment.spec import Experiment, Load
from tests.support.experiments import experiment

MINE = Server("mine", "wsgi", 8, ("gunicorn", "--bind=127.0.0.1:{port}", "site.wsgi"))
STAGING = Server("staging", "asgi", url="http://127.0.0.1:8000")
ROOT = Path(__file__).parents[4]
EXAMPLES = ROOT / "examples"
EVERYTHING = Experiment(
    routes=("io_read", "cpu"),
    servers=(),
    load=Load("RampTo500", "100", "7", "40s", "p95 <= 300ms and failures <= 0.1%"),
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


def test_a_file_is_options_and_servers(tmp_path: Path) -> None:
    file = tmp_path / "experiment.toml"
    file.write_text(
        """
        routes = ["io_read", "cpu"]
        latency_ms = [0, 100]
        posts = 5
        shape = "RampTo500"
        [server.mine]
        argv = ["gunicorn", "--bind=127.0.0.1:{port}", "site.wsgi"]
        interface = "wsgi"
        slots = 8
        [server.staging]
        url = "http://127.0.0.1:8000/"
        interface = "asgi"
        """
    )
    values = {"routes": ("io_read", "cpu"), "latency_ms": (0, 100), "posts": 5, "shape": "RampTo500"}
    assert read_experiment(file) == ExperimentFile(values, (MINE, STAGING))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("routes =", "is not TOML: Invalid value (at end of document)"),
        ("help = 1", f"there is no key 'help'; choose from {', '.join(OPTIONS)}"),
        ("posts = 1.5", "posts must be a text, a whole number or a list of these"),
        ("posts = 'many'", "posts = 'many' is not a whole number"),
        (
            "objective = 'p95'",
            "objective = 'p95': say what it is compared with, as in p95<=1s",
        ),
        ("users = 'many'", "users = 'many' is not a whole number"),
        ("spawn_rate = 'fast'", "spawn_rate = 'fast' is not a number"),
        ("latency_ms = [0, 'far']", "latency_ms = '0,far' is not a list of whole numbers, separated by commas"),
        ("preset = 'fast'", "preset: there is no preset 'fast'; choose from quick"),
        ("until_decided = 1", "until_decided must be true or false"),
        ("server = 1", "servers of your own are tables: [server.NAME]"),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "experiment.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as refused:
        read_experiment(file)
    assert str(refused.value).removeprefix(str(file)).lstrip(": ") == message


def test_the_options_in_a_projects_file() -> None:
    where, unfit = "asyncdjango.toml: [experiment]", ("routes", "posts")
    assert read_values(where, {"latency_ms": [0, 2], "users": 100}) == {"latency_ms": (0, 2), "users": "100"}
    with pytest.raises(UsageError, match=r"^asyncdjango\.toml: \[experiment\]: users = 'many' is not a whole number$"):
        read_values(where, {"users": "many"})
    with pytest.raises(
        UsageError, match=r"^asyncdjango\.toml: \[experiment\]: there is no key 'posts'; choose from arms,"
    ):
        read_values(where, {"posts": 1}, unfit)


def test_the_keys_of_a_file_are_the_flags_of_run() -> None:
    parser = Parser()
    run.add_arguments(parser)
    flags = re.findall(r"^  (?:-\w(?: \w+)?, )?--([a-z-]+)", parser.format_help(), re.MULTILINE)
    keys = {flag.replace("-", "_") for flag in flags} - {"help", "resume", "dry_run", "install", "prepare_again"}
    assert keys == set(OPTIONS)


def test_a_preset_sets_options_of_a_load() -> None:
    loads = {option.name for option in declared_options(Load)}
    assert [name for name, values in PRESETS.items() if not values.keys() <= loads] == []


def test_the_documents_have_the_help_of_every_option() -> None:
    rows = [f"| `{option.flag}` | {option.full_help} |" for option in OPTIONS.values()]
    lines = (ROOT / "docs" / "experiments.md").read_text().splitlines()
    assert [line for line in lines if line.startswith("| `--")] == rows


def test_the_example_is_an_experiment() -> None:
    file = read_experiment(EXAMPLES / "experiment.toml")
    assert [server.name for server in file.own_servers] == ["mine"]


@pytest.mark.parametrize("wanted", [experiment(), EVERYTHING, experiment(servers=("mine",), own_servers=(MINE,))])
def test_an_experiment_comes_back_from_its_files(wanted: Experiment, tmp_path: Path) -> None:
    assert Experiment.from_json(json.loads(json.dumps(asdict(wanted)))) == wanted
    file = tmp_path / "experiment.toml"
    file.write_text(to_toml(wanted), encoding="utf-8")
    assert experiment_from(file) == wanted


def experiment_from(file: Path) -> Experiment:
    return run.requested(cli.parser().parse_args(["run", str(file)]))[0]


@pytest.mark.parametrize(
    ("name", "count"),
    [("experiment", 24), ("external", 6), ("latency", 27), ("list_detail", 2), ("wsgi_asgi", 26)],
)
def test_the_examples_are_experiments(name: str, count: int) -> None:
    assert len(trials(experiment_from(EXAMPLES / f"{name}.toml"))) == count


def test_odd_texts_come_back_from_a_file(tmp_path: Path) -> None:
    odd = replace(MINE, argv=(*MINE.argv, "\U0001f600 \x7f \n \\ \u2028"))
    wanted = experiment(servers=("mine",), own_servers=(odd,), factors=(("TARGET_SITE_X", "a\nposts = 7"),))
    file = tmp_path / "odd.toml"
    file.write_text(to_toml(wanted), encoding="utf-8")
    assert experiment_from(file) == replace(wanted, factors=())


def test_a_file_that_runs_an_experiment_again_says_what_is_missing() -> None:
    text = to_toml(experiment(own_servers=(Server("live", "wsgi", url="http://***@h"),), servers=("live",)))
    assert text.startswith("# *** stands for what is secret: fill it in.\n")


def test_users_that_a_pilot_chose_are_a_comment_so_that_another_one_chooses_again() -> None:
    load = Load("Ramp:hold=15s", "500", "50", objective="p95 <= 2s")
    text = to_toml(experiment(load=load, budget="8m", repeats=2, ramp_users=(("io_read", 120),)))
    lines = text.splitlines()
    assert "# the ramp of io_read: 120 users" in lines
    assert 'objective = "p95 <= 2s"' in lines
    assert not [line for line in lines if line.startswith(("shape", "users", "spawn_rate"))]
