"""``locust-asyncdjango serve``, from the command line: a server that is kept up, and that nothing outlives it."""

import signal
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from locust_asyncdjango.lab.environment.process import free_port
from tests.support.programs import database_folders, done, lab, marked, running
from tests.support.site_client import fetch
from tests.support.site_fixtures import POSTS


def posts_counted(url: str) -> int:
    """Return the number of posts that a site counts."""
    status, _, content = fetch(f"{url}/io_read/")
    assert status == 200, content
    return int(content["count"])


def test_the_users_own_database(database_url: str, cache: Path) -> None:
    before = database_folders(cache)
    with running(*lab("serve", "--posts", "500"), env={"DATABASE_URL": database_url}) as program:
        url = program.wait_for(r"gunicorn-sync answers at (http://127\.0\.0\.1:\d+)/")[1]
        assert posts_counted(url) == 500
        assert database_folders(cache) == before  # no other database was started
        program.signal(signal.SIGINT)
        assert program.end() == 130
    with closing(psycopg2.connect(database_url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM target_site_post")
        assert cursor.fetchone() == (500,)


@pytest.mark.without_debian
@pytest.mark.parametrize(("server", "signum"), [("gunicorn-sync", signal.SIGINT), ("gunicorn-uvicorn", signal.SIGTERM)])
def test_serve_keeps_a_server_up_until_it_is_stopped(cache: Path, server: str, signum: signal.Signals) -> None:
    before, port = database_folders(cache), free_port()
    with running(*lab("serve", server, "--port", str(port), "--posts", str(POSTS))) as program:
        program.wait_for("or add --headless")
        assert f"{server} answers at http://127.0.0.1:{port}/ until Ctrl-C" in program.text
        locustfile = program.wait_for(r"locust -f (\S+) --shape RampTo500 -H http://127\.0\.0\.1:\d+\n")[1]
        assert Path(locustfile).is_file()
        assert posts_counted(f"http://127.0.0.1:{port}") == POSTS
        code, text = done(*lab("serve", "--port", str(port)))
        assert (code, text) == (
            2,
            f"locust-asyncdjango: error: port {port} is taken or may not be used; choose another --port\n",
        )
        program.signal(signum)
        assert program.end() == 128 + signum
        assert program.left_behind() == []
    assert database_folders(cache) == before


def test_serve_says_when_its_server_ends() -> None:
    with running(*lab("serve", "--port", str(port := free_port()), "--posts", str(POSTS))) as program:
        program.wait_for("or add --headless")
        subprocess.run(["pkill", "-KILL", "-f", "--", f"--bind=127.0.0.1:{port} "], check=True)
        assert program.end() == 1
        assert "locust-asyncdjango: error: gunicorn-sync ended: " in program.text
        assert program.left_behind() == []


def test_what_a_killed_lab_leaves_behind_is_removed_by_the_next(cache: Path) -> None:
    before = database_folders(cache)
    with running(*lab("serve", "--posts", str(POSTS))) as program:
        program.wait_for("or add --headless")
        # Linux asks PostgreSQL to stop when the lab is killed. One that stands still does not.
        for process in marked(program.mark):
            if process.name().startswith("postgres"):
                process.suspend()
        program.signal(signal.SIGKILL)
        program.end()
        assert any("postgres" in process for process in program.left_behind())
        assert database_folders(cache) == before + 1
        with running(*lab("serve", "--posts", str(POSTS))) as second:
            second.wait_for("or add --headless")
            assert database_folders(cache) == before + 1
            assert not any("postgres" in process for process in program.left_behind())
            second.signal(signal.SIGINT)
            assert second.end() == 130
    assert database_folders(cache) == before
