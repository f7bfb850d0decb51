"""What an experiment accepts, and what Locust gets of its load."""

from typing import Any

import pytest

from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.arm import Arm, parse_arms
from locust_asyncdjango.lab.experiment.schedule.plan import comparisons
from locust_asyncdjango.lab.experiment.spec import Load
from tests.support.experiments import experiment

STAGING = Server("staging", "asgi", url="http://127.0.0.1:8000")


@pytest.mark.parametrize(("flag", "value"), [("repeats", 0), ("a_a_pairs", -1)])
def test_repeats_are_checked(flag: str, value: int) -> None:
    with pytest.raises(UsageError, match=f"--{flag.replace('_', '-')} must be from"):
        experiment(**{flag: value})


def test_locust_gets_only_the_options_that_are_set() -> None:
    assert Load("RampTo500").arguments() == ["--shape", "RampTo500"]
    assert Load("RampTo500", run_time="40s").arguments() == ["--shape", "RampTo500", "-t", "40s"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"latencies_ms": (0, 0)}, "--latency-ms must be from 0 to 10000, each once"),
        ({"latencies_ms": (-1,)}, "--latency-ms must be from 0 to 10000"),
        ({"max_connections": ()}, "--max-connections must be from 1 to 10000"),
        ({"client_latency_ms": 10_001}, "--client-latency-ms must be from 0 to 10000"),
        ({"workers": 0}, "--workers must be from 1 to 64"),
        (
            {"workers": 2, "servers": ("gunicorn-sync", "daphne")},
            "daphne cannot have more than one process; leave out --workers, or the server",
        ),
        (
            {"servers": ("staging",), "own_servers": (STAGING,), "latencies_ms": (100,)},
            "staging runs already, with its own services: leave --latency-ms and --max-connections out",
        ),
    ],
)
def test_impossible_conditions_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        experiment(**changes).check_machine()
    assert str(refused.value) == message


def test_latency_to_users_needs_a_server_without_tls() -> None:
    server = Server("staging", "asgi", url="https://staging.example")
    with pytest.raises(UsageError, match="no latency can be added to https:// addresses"):
        experiment(servers=("staging",), own_servers=(server,), client_latency_ms=20)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not SERVER[*]WORKERS/VARIANT@MAX_CONNECTIONS"),
        ("gunicorn-sync@many", "is not SERVER[*]WORKERS/VARIANT@MAX_CONNECTIONS"),
        ("gunicorn-sync/a/b", "is not SERVER[*]WORKERS/VARIANT@MAX_CONNECTIONS"),
        ("gunicorn-sync*0", "is not SERVER[*]WORKERS/VARIANT@MAX_CONNECTIONS"),
        ("gunicorn-sync*65", "--workers must be from 1 to 64"),
        ("apache", "there is no server 'apache'"),
        ("gunicorn-sync/psycopg9", "io_read has no variant 'psycopg9'; choose one of sync, "),
        ("gunicorn-sync@0", "--arms: max_connections must be from 1 to 10000"),
        ("gunicorn-sync,gunicorn-sync@100", "name each of --arms once"),
    ],
)
def test_arms_are_checked(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        experiment(servers=(), arms=parse_arms(text))


def test_arms_do_not_go_with_servers() -> None:
    with pytest.raises(UsageError, match="--arms names servers, variants and limits: leave out the flags for these"):
        experiment(arms=(Arm("gunicorn-sync"),))


def test_until_decided_needs_repeats() -> None:
    with pytest.raises(UsageError, match="--until-decided needs --repeats N"):
        experiment(until_decided=True)


def test_processors_are_checked_only_on_the_machine_that_runs_it() -> None:
    elsewhere = experiment(pin="9997:9998:9999")
    with pytest.raises(UsageError, match="there is no processor 9997 here"):
        elsewhere.check_machine()


def test_all_arms_of_a_subject_have_the_users_that_a_pilot_chose_in_the_same_time() -> None:
    chosen = experiment(
        routes=("io_read", "cpu"),
        latencies_ms=(0, 5),
        load=Load("Ramp:hold=15s", "500", "50"),
        ramp_users=(("io_read", 120), ("io_read (5 ms latency)", 300)),
    )
    loads = {compared[0].subject: chosen.load_of(compared[0]) for compared in comparisons(chosen)}
    assert loads == {
        "io_read": Load("Ramp:hold=15s", "120", "12"),
        "io_read (5 ms latency)": Load("Ramp:hold=15s", "300", "30"),
        "cpu": chosen.load,
        "cpu (5 ms latency)": chosen.load,
    }
    assert Load().with_users(250) == Load("RampTo500", "250", "2.5")  # 100 seconds, as without
