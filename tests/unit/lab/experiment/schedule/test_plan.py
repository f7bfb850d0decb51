"""The trials of an experiment, and their order."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from locust_asyncdjango.lab.environment.servers import SERVERS as SERVERS_OF_THE_TABLE
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.arm import Arm
from locust_asyncdjango.lab.experiment.schedule.plan import is_warmed_up, rounds, trials
from tests.support.experiments import experiment

SERVERS = ("gunicorn-sync", "gunicorn-uvicorn")
MINE = Server("mine", "wsgi", 8, ("gunicorn", "--bind=127.0.0.1:{port}", "site.wsgi"))


def test_trials_go_route_by_route() -> None:
    planned = trials(experiment(routes=("cpu", "io_read"), servers=("gunicorn-sync", "gunicorn-uvicorn")))
    assert [trial.id for trial in planned] == [
        "cpu-gunicorn-sync",
        "cpu-gunicorn-uvicorn",
        "io_read-gunicorn-sync",
        "io_read-gunicorn-uvicorn",
    ]


def test_arms_are_repeated_in_reversed_orders_after_the_a_a_pairs() -> None:
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


def test_rounds_of_the_conditions_of_a_route_alternate_and_each_begins_where_the_last_one_ended() -> None:
    planned = rounds(experiment(routes=("cpu", "io_read"), servers=SERVERS, latencies_ms=(0, 100), repeats=3))
    assert [" ".join(trial.id for trial in round_) for round_ in planned[:6]] == [
        "cpu-gunicorn-sync cpu-gunicorn-uvicorn",
        "cpu-gunicorn-uvicorn-100ms cpu-gunicorn-sync-100ms",
        "cpu-gunicorn-sync-100ms-run2 cpu-gunicorn-uvicorn-100ms-run2",
        "cpu-gunicorn-uvicorn-run2 cpu-gunicorn-sync-run2",
        "cpu-gunicorn-sync-run3 cpu-gunicorn-uvicorn-run3",
        "cpu-gunicorn-uvicorn-100ms-run3 cpu-gunicorn-sync-100ms-run3",
    ]
    assert [{trial.route for trial in round_} for round_ in planned] == [{"cpu"}] * 6 + [{"io_read"}] * 6


@pytest.mark.parametrize("arms", range(1, 6))
@pytest.mark.parametrize("latencies_ms", [(0,), (0, 100), (0, 100, 200)])
def test_each_arm_follows_each_arm_equally_often_under_all_conditions(arms: int, latencies_ms: tuple[int, ...]) -> None:
    servers = tuple(SERVERS_OF_THE_TABLE)[:arms]
    repeats = {1: 4, 2: 4}.get(arms, 2 * arms)
    planned = trials(experiment(servers=servers, latencies_ms=latencies_ms, repeats=repeats))
    follows = Counter((now.subject, before.server, now.server) for before, now in pairwise([planned[0], *planned]))
    assert len(follows) == len(latencies_ms) * arms**2
    assert set(follows.values()) == {repeats / arms}


def test_pairs_of_runs_need_a_machine_that_is_warm() -> None:
    assert not is_warmed_up(experiment(servers=SERVERS))
    assert not is_warmed_up(experiment(repeats=3))
    assert is_warmed_up(experiment(a_a_pairs=1))
    assert is_warmed_up(experiment(servers=SERVERS, repeats=2))


def test_all_variants_means_those_that_fit_the_server() -> None:
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


def test_servers_are_compared_under_the_same_conditions_one_after_another() -> None:
    planned = trials(
        experiment(
            servers=("gunicorn-sync", "mine"), latencies_ms=(0, 100), max_connections=(100, 1000), own_servers=(MINE,)
        )
    )
    assert [trial.title for trial in planned] == [
        "io_read on gunicorn-sync",
        "io_read on mine",
        "io_read on gunicorn-sync (max_connections 1000)",
        "io_read on mine (max_connections 1000)",
        "io_read on gunicorn-sync (100 ms latency)",
        "io_read on mine (100 ms latency)",
        "io_read on gunicorn-sync (100 ms latency, max_connections 1000)",
        "io_read on mine (100 ms latency, max_connections 1000)",
    ]
    assert len({trial.id for trial in planned}) == len(planned)
    assert planned[-1].id == "io_read-mine-100ms-1000connections"


def test_titles_name_conditions_of_all_trials() -> None:
    (trial,) = trials(experiment(client_latency_ms=20, workers=2))
    assert trial.title == "io_read on gunicorn-sync (20 ms to the users, 2 workers)"


def test_arms_take_the_place_of_servers_variants_and_limits() -> None:
    planned = trials(experiment(servers=(), arms=(Arm("gunicorn-sync"), Arm("gunicorn-uvicorn", "asyncpg", 1000))))
    assert [trial.title for trial in planned] == [
        "io_read on gunicorn-sync",
        "io_read/asyncpg on gunicorn-uvicorn (max_connections 1000)",
    ]


def test_two_trials_with_one_name_are_refused() -> None:
    again = replace(MINE, name="mine-run2")
    with pytest.raises(UsageError, match="two trials would be named io_read-mine-run2"):
        trials(experiment(servers=("mine", "mine-run2"), own_servers=(MINE, again), repeats=2))
    again = replace(MINE, name="mine.unfinished")
    with pytest.raises(UsageError, match=r"two trials would be named io_read-mine\.unfinished"):
        trials(experiment(servers=("mine", "mine.unfinished"), own_servers=(MINE, again)))
