"""What is measured under which conditions: experiment files, latency, servers and what holds them to their labels."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from locust_asyncdjango.lab import cli
from locust_asyncdjango.lab.commands import run
from locust_asyncdjango.lab.environment import latency_proxy, process_usage, servers
from locust_asyncdjango.lab.environment.servers import SERVERS, Server
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.config_file import KEYS, ExperimentFile, read_experiment
from locust_asyncdjango.lab.experiment.plan import trials
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.spec import Experiment, Load, Trial
from locust_asyncdjango.lab.measure.preflight import Slots, requests_to_send, wrong_site, wrong_slots
from locust_asyncdjango.lab.report.verdict import verdict
from tests.support.experiments import found
from tests.support.figures import figures

EXAMPLES = Path(__file__).parents[3] / "examples"
MINE = Server("mine", "wsgi", 8, ("gunicorn", "--bind=127.0.0.1:{port}", "site.wsgi"))
STAGING = Server("staging", "asgi", url="http://127.0.0.1:8000")


def experiment(**changes: Any) -> Experiment:
    usual = Experiment(("io_read",), ("gunicorn-sync",), Load("RampTo500"), 1000, (100,))
    return replace(usual, **changes)


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


def test_what_holds_for_all_trials_is_told_too() -> None:
    (trial,) = trials(experiment(client_latency_ms=20, workers=2))
    assert trial.title == "io_read on gunicorn-sync (20 ms to the users, 2 workers)"


def test_the_verdict_is_given_for_each_set_of_conditions() -> None:
    def result(server: str, latency_ms: int, peak: float) -> Result:
        trial = Trial("io_create", server, 1000, 100, latency_ms=latency_ms)
        return Result(trial, figures(peak, 60, 4100), "", {})

    results = [result("a", 0, 144), result("b", 0, 189), result("a", 100, 1.4), result("b", 100, 170)]
    told = verdict(found(results))
    assert [sentence for sentence in told if "peaks" in sentence] == [
        "io_create: b peaks highest, 189.0 against 144.0 req/s",
        "io_create (100 ms latency): b peaks highest, 170.0 against 1.4 req/s",
    ]


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
            "daphne has no number of processes to set; leave --workers, or the server, out",
        ),
        (
            {"servers": ("staging",), "own_servers": (STAGING,), "latencies_ms": (100,)},
            "staging runs already, with its own services: leave --latency-ms and --max-connections out",
        ),
    ],
)
def test_conditions_that_cannot_be_had(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as refused:
        experiment(**changes).check_here()
    assert str(refused.value) == message


def test_latency_to_users_needs_a_server_without_tls() -> None:
    server = Server("staging", "asgi", url="https://staging.example")
    with pytest.raises(UsageError, match="no latency can be added to https:// addresses"):
        experiment(servers=("staging",), own_servers=(server,), client_latency_ms=20)


def test_a_server_that_is_not_installed_is_a_line_with_the_command_that_installs_it() -> None:
    server = Server("granite", "wsgi", package="no_such_package", extra="servers")
    assert not servers.is_installed(server)
    with pytest.raises(UsageError) as refused:
        servers.check(server, 1)
    assert str(refused.value) == "granite is not installed: pip install 'locust-asyncdjango[servers]'"


def test_a_server_whose_program_is_not_there() -> None:
    server = Server("mine", "wsgi", argv=("no-such-program", "{port}"))
    with pytest.raises(UsageError) as refused:
        servers.check(server, 1)
    assert str(refused.value) == "mine: there is no program 'no-such-program'; see that it is installed and on PATH"


def test_a_file_is_flags_and_servers(tmp_path: Path) -> None:
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
    flags = ("--routes=io_read,cpu", "--latency-ms=0,100", "--posts=5", "--shape=RampTo500")
    assert read_experiment(file) == ExperimentFile(flags, (MINE, STAGING))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("routes =", "is not TOML: Invalid value (at end of document)"),
        ("help = 1", f"there is no key 'help'; choose from {', '.join(KEYS)}"),
        ("[server.x]\ninterface = 'wsgi'\nurl = 'http://['", "[server.x] url must look like http://127.0.0.1:8000"),
        ("posts = 1.5", "posts must be a text, a whole number or a list of these"),
        ("server = 1", "servers of your own are tables: [server.NAME]"),
        ("[server.x]\nport = 1", "[server.x] may have interface, slots, argv, url and nothing else"),
        ("[server.x]\nslots = true", "[server.x] slots must be a whole number"),
        ("[server.x]\nargv = 'gunicorn'", "[server.x] argv must be a list"),
        ("[server.daphne]", "[server.daphne] needs a name of its own, of letters, digits, dots and dashes"),
        ("[server.'a/b']", "[server.a/b] needs a name of its own, of letters, digits, dots and dashes"),
        ("[server.x]\ninterface = 'cgi'", '[server.x] needs interface = "wsgi" or "asgi"'),
        (
            "[server.x]\ninterface = 'wsgi'\nslots = 0\nurl = 'http://x'",
            "[server.x] slots must be 1 or more; leave it out where there is no limit",
        ),
        (
            "[server.x]\ninterface = 'wsgi'",
            "[server.x] needs argv, by which it is started, or url, where it runs already",
        ),
        ("[server.x]\ninterface = 'wsgi'\nurl = 'ftp://x'", "[server.x] url must look like http://127.0.0.1:8000"),
        (
            "[server.x]\ninterface = 'wsgi'\nargv = ['gunicorn', '{prot}']",
            "[server.x] argv must be texts with {port}, where wanted {workers}, {backlog} and {python}, and no"
            " other braces",
        ),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "experiment.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as refused:
        read_experiment(file)
    assert str(refused.value).removeprefix(str(file)).lstrip(": ") == message


def test_the_keys_of_a_file_are_the_flags_of_run() -> None:
    options = vars(cli.parser().parse_args(["run"]))
    assert set(KEYS) == options.keys() - {"command", "experiment", "resume", "dry_run"}


def test_what_is_measured_where_nothing_is_named() -> None:
    def servers_of(own: tuple[Server, ...], *arguments: str) -> tuple[str, ...]:
        options = cli.parser().parse_args(["run", *arguments])
        options.own_servers = own
        return run.experiment_of(options).servers

    assert servers_of(()) == ("gunicorn-sync", "gunicorn-uvicorn")
    assert servers_of((MINE,)) == ("gunicorn-sync", "gunicorn-uvicorn", "mine")
    assert servers_of((), "--servers", "all") == tuple(SERVERS)
    assert set(SERVERS) - set(servers_of((), "--servers", "all", "--workers", "2")) == {"daphne", "waitress"}


def test_the_example_is_an_experiment() -> None:
    file = read_experiment(Path(__file__).parents[3] / "examples" / "experiment.toml")
    assert [server.name for server in file.own_servers] == ["mine"]


@pytest.mark.parametrize(
    ("url", "upstream", "behind_9"),
    [
        ("postgresql://u:p%40@db.example:5433/x", "db.example:5433", "postgresql://u:p%40@127.0.0.1:9/x"),
        (
            "postgres://u@[::1]/x?sslmode=require&host=/ignored",
            "[::1]:5432",
            "postgres://u@127.0.0.1:9/x?sslmode=require",
        ),
        ("postgresql://%2Fvar%2Frun/x", "unix:/var/run/.s.PGSQL.5432", "postgresql://127.0.0.1:9/x"),
        ("postgresql:///x?host=/tmp", "unix:/tmp/.s.PGSQL.5432", "postgresql://127.0.0.1:9/x"),
        ("redis://:secret@127.0.0.1/3", "127.0.0.1:6379", "redis://:secret@127.0.0.1:9/3"),
        ("http://localhost:5000", "localhost:5000", "http://127.0.0.1:9"),
    ],
)
def test_a_url_through_a_proxy(url: str, upstream: str, behind_9: str) -> None:
    assert (latency_proxy.upstream(url), latency_proxy.at_port(url, 9)) == (upstream, behind_9)


def test_no_proxy_stands_before_a_certificate() -> None:
    with pytest.raises(UsageError, match="no latency can be added to rediss:// addresses"):
        latency_proxy.upstream("rediss://cache.example")


RIGHT = {
    "interface": "wsgi",
    "server": "gunicorn sync",
    "blocks": [],
    "settings": {
        "orm_driver": "psycopg2",
        "connections": "closed after each request",
        "middleware": ["target_site.problems.ProblemMiddleware"],
        "access_log": "off",
        "gevent": False,
        "debug": False,
    },
    "database": {"max_connections": 100, "round_trip_ms": 0.1},
}
TRIAL = Trial("io_read", "gunicorn-sync", 1000, 100)
SYNC = SERVERS["gunicorn-sync"]


@pytest.mark.parametrize(
    ("settings", "environ", "wrong"),
    [
        ({}, {}, []),
        ({"orm_driver": "psycopg"}, {"TARGET_SITE_ORM_DRIVER": "psycopg"}, []),
        ({"connections": "from a pool of 10"}, {"TARGET_SITE_CONNECTIONS": "pool"}, []),
        (
            {"connections": "from a pool of 10"},
            {"TARGET_SITE_CONNECTIONS": "pool", "TARGET_SITE_POOL_SIZE": "20"},
            ["connections is from a pool of 10, not from a pool of 20"],
        ),
        ({"connections": "persistent"}, {}, ["connections is persistent, not closed after each request"]),
        ({"gevent": True}, {}, ["it is patched by gevent"]),
        ({"middleware": ["another"]}, {}, ["its middleware is default, not none"]),
        ({"access_log": "on"}, {"TARGET_SITE_ACCESS_LOG": "on"}, []),
    ],
)
def test_settings_are_held_against_the_factors(
    settings: dict[str, Any], environ: dict[str, str], wrong: list[str]
) -> None:
    site = {**RIGHT, "settings": {**RIGHT["settings"], **settings}}  # type: ignore[dict-item]
    assert wrong_site(TRIAL, SYNC, site, environ) == wrong


def test_the_connection_limit_is_the_users_where_the_database_is() -> None:
    site = {**RIGHT, "database": {"max_connections": 42, "round_trip_ms": 0.1}}
    assert wrong_site(TRIAL, SYNC, site, {}) == ["max_connections is 42, not 100"]
    assert wrong_site(TRIAL, SYNC, site, {"DATABASE_URL": "postgresql://mine"}) == []


@pytest.mark.parametrize(
    ("name", "workers", "seen", "wrong"),
    [
        ("gunicorn-sync", 1, Slots(1, 1, 4), []),
        ("gunicorn-sync", 2, Slots(2, 1, 5), []),
        ("gunicorn-sync", 2, Slots(1, 1, 5), ["1 processes answer, not 2"]),
        ("gunicorn-sync", 1, Slots(1, 2, 4), ["a process had 2 requests in flight, more than 1"]),
        ("gunicorn-gevent", 1, Slots(1, 120, 120), []),
        ("uvicorn", 2, Slots(2, 60, 120), []),
        ("uvicorn", 1, Slots(1, 40, 120), ["of 120 requests at once a process had 40 in flight, not 120"]),
    ],
)
def test_slots_are_held_against_the_table(name: str, workers: int, seen: Slots, wrong: list[str]) -> None:
    assert wrong_slots(SERVERS[name], workers, seen) == wrong


def test_a_few_more_requests_are_sent_than_there_should_be_slots() -> None:
    assert requests_to_send(SYNC, 1) == 4
    assert requests_to_send(SERVERS["uwsgi-100-threads"], 1) == 103
    assert requests_to_send(SERVERS["uvicorn"], 1) == 120
    assert requests_to_send(Server("mine", "wsgi"), 1) == 10


def test_the_table_of_servers_that_run_fits_80_columns() -> None:
    members = [
        process_usage.Member(
            server.name,
            "http://127.0.0.1:65000",
            server.interface,
            server.slots,
            before=process_usage.Taken(0, frozenset(range(2)), 1234.5, 1),
            now=process_usage.Taken(2, frozenset(range(10)), 1234.5, 5),
        )
        for server in SERVERS.values()
    ]
    members.append(process_usage.Member("gone", "http://127.0.0.1:8014", "wsgi", 1, ended="ended (3): out of memory"))
    console = Console(width=80, record=True, file=io.StringIO())
    console.print(process_usage.table(members))
    lines = console.export_text().splitlines()
    assert not any("…" in line for line in lines)
    row = next(line for line in lines if line.startswith(" gunicorn-100-threads"))
    assert row.split() == ["gunicorn-100-threads", "http://127.0.0.1:65000", "wsgi", "100", "10", "1234", "200"]
    assert "gone ended (3): out of memory" in "\n".join(lines)
