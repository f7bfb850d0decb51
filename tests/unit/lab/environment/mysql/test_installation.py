"""Which MariaDB or MySQL a machine has."""

import os
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.mysql import installation
from locust_asyncdjango.lab.environment.mysql.cluster import MySQL, first_statements, server_argv
from locust_asyncdjango.lab.environment.mysql.installation import Installation, find_installation
from locust_asyncdjango.lab.errors import UsageError

MARIADB = "mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)"
MYSQL = "mysqld  Ver 8.4.3 for Linux on x86_64 (MySQL Community Server - GPL)"


@pytest.fixture
def programs(cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a folder that is the only one in which programs are found. The account of root's servers can enter it."""
    folder = cache / f"programs-{os.urandom(4).hex()}" / "bin"
    folder.mkdir(parents=True)
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setattr(installation, "SYSTEM_FOLDERS", ())
    return folder


def put(folder: Path, name: str, text: str, code: int = 0) -> Path:
    """Put a program into a folder. text: what it prints."""
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{text}'\nexit {code}\n")
    program.chmod(0o755)
    return program


def test_a_machine_without_a_server_gets_advice(programs: Path) -> None:
    assert not list(programs.iterdir())
    with pytest.raises(UsageError) as refused:
        find_installation()
    assert str(refused.value) == (
        "there is no MariaDB or MySQL server on this machine; install one, as with apt-get install mariadb-server-core"
        ' mariadb-client (its service need not run), or name a server of yours with database = "own" and database_url'
    )


@pytest.mark.parametrize(
    ("name", "text", "label"), [("mariadbd", MARIADB, "mariadb-10.11"), ("mysqld", MYSQL, "mysql-8.4")]
)
def test_a_server_is_known_by_what_it_says(programs: Path, name: str, text: str, label: str) -> None:
    program = put(programs, name, text)
    found = find_installation()
    assert (found.program, MySQL(found).label) == (program, label)


def test_a_server_that_does_not_start_is_named(programs: Path) -> None:
    program = put(programs, "mysqld", MYSQL, 1)
    with pytest.raises(UsageError, match=rf"^{program} cannot be started by .*exit status 1"):
        find_installation()


def test_a_server_that_does_not_say_its_version_is_named(programs: Path) -> None:
    program = put(programs, "mysqld", "hello")
    with pytest.raises(UsageError, match=rf"^{program} does not say its version: hello$"):
        find_installation()


def test_a_server_listens_at_one_place_whatever_the_machine_has_configured() -> None:
    mariadb = Installation(Path("/cache"), None, Path("/usr/sbin/mariadbd"), "10.11", is_mariadb=True)
    argv = server_argv(mariadb, Path("/cache/data"), 3307, "--max-connections=20")
    assert argv == [
        "/usr/sbin/mariadbd",
        "--no-defaults",
        "--datadir=/cache/data",
        "--port=3307",
        "--bind-address=127.0.0.1",
        "--socket=mysqld.sock",
        "--pid-file=mysqld.pid",
        "--skip-name-resolve",
        "--character-set-server=utf8mb4",
        "--max-connections=20",
    ]
    mysql = Installation(Path("/cache"), None, Path("/usr/sbin/mysqld"), "8.4", is_mariadb=False)
    assert "--mysqlx=OFF" in server_argv(mysql, Path("/cache/data"), 3307)


def test_the_labs_user_has_one_database() -> None:
    assert first_statements("s3cret", "") == (
        "USE mysql;\n\nDROP USER IF EXISTS 'root'@'localhost';\nCREATE DATABASE lab;\n"
        "CREATE USER 'lab'@'%' IDENTIFIED BY 's3cret';\nGRANT ALL PRIVILEGES ON lab.* TO 'lab'@'%';\n"
    )
