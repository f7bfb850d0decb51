"""The table of servers, and the environment of a server."""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from locust_asyncdjango.lab.environment import servers
from locust_asyncdjango.lab.environment.servers import (
    BUNDLED_SITE,
    SERVERS,
    Application,
    Server,
    running_server,
    server_env,
    server_title,
    site_env,
    user_token,
    with_current_names,
)
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.metrics.strict_json import read_dataclass
from locust_asyncdjango.probe.protocol import TOKEN_VARIABLE


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


def test_a_command_line_names_the_application_of_the_servers_interface() -> None:
    project = Application("mysite.wsgi:app", "mysite.asgi:app", python="/venv/bin/python", start="/probe/launch.py")
    for server in SERVERS.values():
        command = server.command(4242, application=project)
        assert command[:2] == ["/venv/bin/python", "/probe/launch.py"]
        assert [part for part in command if part.endswith(f"mysite.{server.interface}:app")], server.name
        assert [part for part in server.command(4242) if part.endswith(f"probe.{server.interface}:application")]


def test_gunicorn_gets_flags_that_its_version_20_knows() -> None:
    commands = [server.command(4242) for server in SERVERS.values() if server.package == "gunicorn"]
    assert {part.partition("=")[0] for command in commands for part in command if part.startswith("--")} == {
        *("--config", "--bind", "--workers", "--backlog", "--graceful-timeout", "--log-level"),
        *("--worker-class", "--threads", "--worker-connections"),
    }


def test_a_server_whose_python_is_gone_is_named(tmp_path: Path) -> None:
    application = Application("mysite.wsgi:app", "mysite.asgi:app", python="/no/python")
    starting = running_server(SERVERS["gunicorn-sync"], 4242, tmp_path, {}, application=application)
    with pytest.raises(TrialError) as failed, starting:
        pass
    assert str(failed.value) == "gunicorn-sync cannot be started: No such file or directory: /no/python"


def test_the_probe_learns_what_it_wraps() -> None:
    assert BUNDLED_SITE.env("wsgi") == {"LOCUST_ASYNCDJANGO_APPLICATION": "target_site.wsgi:application"}
    assert BUNDLED_SITE.env("asgi") == {"LOCUST_ASYNCDJANGO_APPLICATION": "target_site.asgi:application"}
    assert Application("mysite.wsgi:app", "mysite.asgi:app").env("wsgi") == {}


def test_the_threads_of_a_server_are_its_slots() -> None:
    with_threads = {name for name, server in SERVERS.items() if server.has_threads}
    assert with_threads == {"gunicorn-100-threads", "uwsgi-2-threads", "uwsgi-100-threads", "granian-wsgi", "waitress"}
    for name in with_threads:
        server = SERVERS[name]
        assert server.threads == server.slots
        changed = server.with_threads(7)
        assert (changed.slots, [part for part in changed.command(1) if part.endswith("threads=7")][1:]) == (7, [])


def test_a_name_never_has_another_number_of_threads_than_the_server() -> None:
    assert [server_title(name, 4) for name in ("gunicorn-100-threads", "uwsgi-2-threads", "waitress")] == [
        *("gunicorn-4-threads", "uwsgi-4-threads", "waitress-4-threads")
    ]
    assert server_title("gunicorn-100-threads", 0) == "gunicorn-100-threads"


@pytest.mark.parametrize("users", ["mysite.settings", None])
def test_a_server_of_the_users_has_the_users_settings_or_none(
    monkeypatch: pytest.MonkeyPatch, users: str | None
) -> None:
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE", raising=False)
    if users:
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", users)
    mine = Server("mine", "wsgi", argv=("gunicorn", "{port}", "mysite.wsgi"))
    assert server_env(mine, {"DATABASE_URL": "postgresql://x"}).get("DJANGO_SETTINGS_MODULE") == users
    for server in SERVERS.values():
        assert server_env(server, {})["DJANGO_SETTINGS_MODULE"] == "target_site.settings"


@pytest.mark.parametrize("token", ["", "t0ken-_~!"])
def test_the_users_token_is_for_servers_that_another_program_checks(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    assert user_token() == token
    assert TOKEN_VARIABLE not in site_env({})


@pytest.mark.parametrize("token", ["two words", "line\n", "tökén"])
def test_a_token_that_no_header_can_have_is_refused_without_its_text(
    monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    with pytest.raises(UsageError, match=f"^{TOKEN_VARIABLE} must be of letters") as refused:
        user_token()
    assert token not in str(refused.value)


def test_a_server_that_is_not_installed_is_a_line_with_the_command_that_installs_it() -> None:
    server = Server("granite", "wsgi", package="no_such_package", extra="servers")
    assert not servers.is_installed(server)
    with pytest.raises(UsageError) as refused:
        servers.check_server(server, 1)
    assert str(refused.value) == (
        "granite is not installed: pip install 'locust-asyncdjango[servers]', or in a checkout"
        " pip install -e '.[servers]'"
    )


def test_a_server_whose_program_is_not_there() -> None:
    server = Server("mine", "wsgi", argv=("no-such-program", "{port}"))
    with pytest.raises(UsageError) as refused:
        servers.check_server(server, 1)
    assert str(refused.value) == "mine: there is no program 'no-such-program' on PATH; install it, or correct argv"


MINE = Server(
    "mine", "wsgi", 8, ("gunicorn", "{port}"), identity="gunicorn sync", access_log_flags="--access-logfile=-"
)


@pytest.mark.parametrize(
    "renamed",
    [
        pytest.param({}, id="format 4"),
        pytest.param({"inside": "gunicorn sync", "access_log": ["", "--access-logfile=-"]}, id="format 3"),
    ],
)
def test_a_server_is_read_from_json(renamed: dict[str, Any]) -> None:
    content = json.loads(json.dumps(asdict(MINE)))
    if renamed:
        for name in ("identity", "access_log_flags", "no_access_log_flags"):
            del content[name]
    assert read_dataclass(Server, with_current_names({**content, **renamed})) == MINE


@pytest.mark.parametrize(("with_access_log", "flags"), [(False, ["--quiet"]), (True, ["--loud"])])
def test_a_command_line_ends_with_the_flags_of_the_access_log_and_of_statistics(
    with_access_log: bool, flags: list[str]
) -> None:
    server = Server(
        "x", "wsgi", argv=("x", "{port}", "{workers}"), no_access_log_flags="--quiet", access_log_flags="--loud"
    )
    command = server.command(8000, 2, with_access_log=with_access_log, stats_port=3030)
    assert command == ["x", "8000", "2", *flags, "--stats=127.0.0.1:3030"]
