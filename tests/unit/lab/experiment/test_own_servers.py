"""Servers of the user's own in an experiment file."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.config_file import read_experiment
from locust_asyncdjango.lab.experiment.own_servers import own_server_table, read_own_server


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[server.x]\ninterface = 'wsgi'\nurl = 'http://['", "[server.x] url must look like http://127.0.0.1:8000"),
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
            "[server.x] needs argv, the command that starts it, or url, where it runs already",
        ),
        ("[server.x]\ninterface = 'wsgi'\nurl = 'ftp://x'", "[server.x] url must look like http://127.0.0.1:8000"),
        (
            "[server.x]\ninterface = 'wsgi'\nargv = ['gunicorn', '{prot}']",
            "[server.x] argv must be texts, one of them with {port}; in braces there may also be workers, threads,"
            " backlog, python, start, application, and nothing else",
        ),
    ],
)
def test_a_table_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "experiment.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as refused:
        read_experiment(file)
    assert str(refused.value) == f"{file}: {message}"


@pytest.mark.parametrize(
    "server",
    [
        Server("mine", "wsgi", 8, ("gunicorn", "--bind=127.0.0.1:{port}", "site.wsgi")),
        Server("threads", "wsgi", 4, ("waitress", "{port}", "--threads={threads}", "{application}"), threads=4),
        Server("staging", "asgi", url="http://127.0.0.1:8000"),
    ],
    ids=lambda server: server.name,
)
def test_a_server_comes_back_from_its_table(server: Server) -> None:
    assert read_own_server("[server.x]", server.name, own_server_table(server)) == server
