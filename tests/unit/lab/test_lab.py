"""The lab's pure parts, and what it says to bad input."""

import json
import re
from contextlib import suppress
from pathlib import Path

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.commands.progress import time_left
from locust_asyncdjango.lab.environment import postgres
from locust_asyncdjango.lab.environment.servers import SERVERS, site_env
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.plan import trials
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.results_folder import ResultsFolder, write_json
from locust_asyncdjango.lab.experiment.spec import Load
from locust_asyncdjango.lab.report.verdict import plan_text
from locust_asyncdjango.routes import ROUTES
from tests.support.experiments import ASYNC, BROKEN, SYNC, experiment


def test_trials_go_route_by_route() -> None:
    planned = trials(experiment(routes=("cpu", "io_read"), servers=("gunicorn-sync", "gunicorn-uvicorn")))
    assert [trial.id for trial in planned] == [
        "cpu-gunicorn-sync",
        "cpu-gunicorn-uvicorn",
        "io_read-gunicorn-sync",
        "io_read-gunicorn-uvicorn",
    ]


def test_what_is_compared_is_repeated_in_reversed_orders_behind_the_a_a_pairs() -> None:
    servers = ("gunicorn-sync", "gunicorn-uvicorn")
    planned = trials(experiment(routes=("cpu", "io_read"), servers=servers, repeats=3, a_a_pairs=1))
    assert [trial.id for trial in planned[:8]] == [
        "a-a-cpu-gunicorn-sync",
        "a-a-cpu-gunicorn-sync-run2",
        "cpu-gunicorn-sync",
        "cpu-gunicorn-uvicorn",
        "cpu-gunicorn-uvicorn-run2",
        "cpu-gunicorn-sync-run2",
        "cpu-gunicorn-sync-run3",
        "cpu-gunicorn-uvicorn-run3",
    ]
    assert len({trial.id for trial in planned}) == len(planned) == 14


def test_the_plan_says_what_is_run_and_how_long_it_takes() -> None:
    assert plan_text(experiment(repeats=2, a_a_pairs=1), 180.0) == (
        "   1  io_read on gunicorn-sync (A/A run 1)\n"
        "   2  io_read on gunicorn-sync (A/A run 2)\n"
        "   3  io_read on gunicorn-sync\n"
        "   4  io_read on gunicorn-sync (run 2)\n"
        "4 trials of 180 s; about 13 min, with starting and stopping"
    )
    long = plan_text(experiment(repeats=40, until_decided=True), 180.0)
    assert long.endswith("\nat most 40 trials of 180 s; about 2 h 8 min, with starting and stopping")
    assert plan_text(experiment(), None).endswith("\n1 trial; how long the shape runs is not known")


def test_the_time_that_is_left_follows_from_the_trials_so_far() -> None:
    assert time_left([100.0], 3) == ""
    assert time_left([100.0, 160.0], 2) == ", about 2 min left"
    assert time_left([0.0, 200.0, 400.0], 25) == ", about 1 h 24 min left"


@pytest.mark.parametrize(("flag", "value"), [("repeats", 0), ("a_a_pairs", -1)])
def test_repeats_are_checked(flag: str, value: int) -> None:
    with pytest.raises(UsageError, match=f"--{flag.replace('_', '-')} must be from"):
        experiment(**{flag: value})


def test_all_variants_are_those_that_suit_the_server() -> None:
    servers = ("gunicorn-sync", "gunicorn-uvicorn")
    planned = trials(experiment(routes=("template",), servers=servers, variants=("all",)))
    assert [trial.title for trial in planned] == [
        "template/sync on gunicorn-sync",
        "template/class_sync on gunicorn-sync",
        "template/async on gunicorn-uvicorn",
        "template/class_async on gunicorn-uvicorn",
    ]


def test_named_variants_run_on_every_server() -> None:
    servers = ("gunicorn-sync", "gunicorn-uvicorn")
    planned = trials(experiment(routes=("cpu",), servers=servers, variants=("async",)))
    assert [trial.id for trial in planned] == ["cpu-async-gunicorn-sync", "cpu-async-gunicorn-uvicorn"]


def test_only_what_was_given_is_passed_to_locust() -> None:
    assert Load("RampTo500").arguments() == ["--shape", "RampTo500"]
    assert Load("RampTo500", run_time="40s").arguments() == ["--shape", "RampTo500", "-t", "40s"]


def test_a_server_listens_on_loopback_only() -> None:
    for server in SERVERS.values():
        address = re.findall(
            r"127\.0\.0\.1:4242|--(?:host|bind)=127\.0\.0\.1 --port=4242|uvicorn --port=4242",
            " ".join(server.command(4242)),
        )
        assert len(address) == 1, server.name


def test_a_servers_environment_is_the_labs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DJANGO_SETTINGS_MODULE", "GUNICORN_CMD_ARGS", "WEB_CONCURRENCY"):
        monkeypatch.setenv(name, "the user's own")
    env = site_env({"DATABASE_URL": "postgresql://x"})
    assert (env["DJANGO_SETTINGS_MODULE"], env["DATABASE_URL"]) == ("target_site.settings", "postgresql://x")
    assert not {"GUNICORN_CMD_ARGS", "WEB_CONCURRENCY"} & set(env)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("run --routes io_raed", f"there is no route 'io_raed'; choose from {', '.join(ROUTES)}"),
        ("run --servers apache", f"there is no server 'apache'; choose from {', '.join(SERVERS)}"),
        ("run --routes cpu,cpu", f"name each route once, separated by commas: {','.join(ROUTES)}"),
        (
            "run --routes cpu,template --variants class_sync",
            "there is no variant of cpu 'class_sync'; choose from sync, async",
        ),
        ("run --posts -1", "--posts must be 0 or more"),
        ("run -u 0", "-u must be more than 0"),
        ("run -u=-5", "-u must be more than 0"),
        ("run -t 0s", "-t must be more than 0"),
        ("run --shape=", "--shape must name a shape, such as RampTo500"),
        ("run --output /usr", "/usr holds other files; choose another --output"),
        ("run --max-connections 0", "--max-connections must be from 1 to 10000"),
        ("run --output /dev/null/x", "cannot write to /dev/null/x (Not a directory); choose another --output"),
        ("serve apache", f"there is no server 'apache'; choose from {', '.join(SERVERS)}"),
        ("serve --port 70000", "--port must be from 1 to 65535"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments.split()) == 2
    assert capsys.readouterr().err == f"locust-asyncdjango: error: {message}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("", "locust-asyncdjango: error: the following arguments are required: COMMAND"),
        ("fly", "locust-asyncdjango: error: argument COMMAND: invalid choice: 'fly'"),
        ("run --posts many", "locust-asyncdjango run: error: argument --posts: invalid int value: 'many'"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(
    arguments: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        cli.main(arguments.split())
    error = capsys.readouterr().err
    assert (exit_.value.code, error.count("\n")) == (2, 1)
    assert error.startswith(message)
    assert error.endswith("--help)\n")


def test_list_shows_locustfiles_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    routes = [row for row in lines[1 : lines.index(["servers"])] if not row[0].endswith(":")]
    assert [row[:2] for row in routes] == [[route.name, route.method] for route in ROUTES.values()]
    assert all(Path(row[2]).is_file() for row in routes)
    assert ["async:", "async,", "sync_to_async,", "psycopg_async,", "asyncpg"] in lines


def test_seeding_needs_room(tmp_path: Path) -> None:
    postgres.check_disk(tmp_path, 1)
    with pytest.raises(UsageError, match=r"not enough disk: seeding needs 1048576\.0 GB in .*; ask for fewer --posts"):
        postgres.check_disk(tmp_path, 2**50)


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_CACHE", "/dev/null/x")
    with pytest.raises(UsageError, match=r"the cache folder /dev/null/x cannot be written \(Not a directory\); set"):
        postgres.find_home()


@pytest.mark.parametrize("result", [SYNC, ASYNC, BROKEN], ids=["sync", "async", "broken"])
def test_a_result_comes_back_from_its_file(result: Result) -> None:
    assert Result.from_json(json.loads(json.dumps(result.to_json()))) == result


def test_a_results_folder_knows_what_was_run(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path / "new" / "results")
    with folder.opened(experiment(), {"started": "now"}) as about:
        assert about == {"started": "now"}
        for result in (SYNC, BROKEN):
            with folder.unfinished(result.trial) as place:
                write_json(place / "result.json", result.to_json())
    assert folder.result(SYNC.trial) == SYNC
    assert folder.result(BROKEN.trial) == BROKEN
    assert folder.result(ASYNC.trial) is None
    assert folder.experiment() == experiment()


def test_an_interrupted_trial_is_not_finished_and_its_files_are_kept(tmp_path: Path) -> None:
    folder = ResultsFolder(tmp_path)
    with suppress(KeyboardInterrupt), folder.opened(experiment(), {}), folder.unfinished(SYNC.trial) as place:
        (place / "series.jsonl").touch()
        raise KeyboardInterrupt
    assert folder.result(SYNC.trial) is None
    assert (tmp_path / "trials" / f"{SYNC.trial.id}.unfinished" / "series.jsonl").exists()


def opened(path: Path, **changes: int) -> None:
    with ResultsFolder(path).opened(experiment(**changes), {}):
        pass


def test_a_results_folder_takes_one_experiment(tmp_path: Path) -> None:
    # What a lab leaves that was killed as it began.
    (tmp_path / "experiment.json.part").write_text("{")
    opened(tmp_path)
    opened(tmp_path)
    with pytest.raises(UsageError, match="holds the results of another experiment; choose another --output"):
        opened(tmp_path, posts=5)
    (tmp_path / "experiment.json").write_text("{}")
    with pytest.raises(UsageError, match="is not of results format 3; choose another --output"):
        opened(tmp_path)


def test_a_results_folder_takes_one_run_at_a_time(tmp_path: Path) -> None:
    again = pytest.raises(UsageError, match=r"another run writes to .*; wait for its end, or choose another --output")
    with ResultsFolder(tmp_path).opened(experiment(), {}), again:
        opened(tmp_path)
    opened(tmp_path)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", "[" * 100_000, '{"format_version": 3, "trial": {}}'])
def test_a_damaged_result_is_told(text: str, tmp_path: Path) -> None:
    opened(tmp_path)
    folder = ResultsFolder(tmp_path)
    with folder.unfinished(SYNC.trial) as place:
        (place / "result.json").write_text(text)
    with pytest.raises(UsageError, match=r"is damaged: .*; remove its folder to have it measured again"):
        folder.result(SYNC.trial)


def test_a_result_of_another_trial_is_none(tmp_path: Path) -> None:
    opened(tmp_path)
    folder = ResultsFolder(tmp_path)
    with folder.unfinished(SYNC.trial) as place:
        write_json(place / "result.json", ASYNC.to_json())
    with pytest.raises(UsageError, match="it is that of io_read on gunicorn-uvicorn; remove its folder"):
        folder.result(SYNC.trial)
