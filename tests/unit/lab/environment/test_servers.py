"""The table of servers, and what a server's environment is."""

import re

import pytest

from locust_asyncdjango.lab.environment import servers
from locust_asyncdjango.lab.environment.servers import SERVERS, Server, site_env
from locust_asyncdjango.lab.errors import UsageError


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


def test_a_server_that_is_not_installed_is_a_line_with_the_command_that_installs_it() -> None:
    server = Server("granite", "wsgi", package="no_such_package", extra="servers")
    assert not servers.is_installed(server)
    with pytest.raises(UsageError) as refused:
        servers.check_server(server, 1)
    assert str(refused.value) == "granite is not installed: pip install 'locust-asyncdjango[servers]'"


def test_a_server_whose_program_is_not_there() -> None:
    server = Server("mine", "wsgi", argv=("no-such-program", "{port}"))
    with pytest.raises(UsageError) as refused:
        servers.check_server(server, 1)
    assert str(refused.value) == "mine: there is no program 'no-such-program'; see that it is installed and on PATH"
