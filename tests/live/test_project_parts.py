"""What a measured project needs, with real programs: its database, processes, mail, servers and revisions."""

import os
import shutil
import smtplib
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.http_client import get
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.lab.errors import LabError, UsageError
from locust_asyncdjango.lab.project.inspection.ask import ask_project
from locust_asyncdjango.lab.project.overlay import missing_packages, overlay_for
from locust_asyncdjango.lab.project.prepare import Preparation
from locust_asyncdjango.lab.project.probe_folder import link_probe
from locust_asyncdjango.lab.project.programs.running_processes import choose_ports, running_processes
from locust_asyncdjango.lab.project.programs.smtp_sink import running_smtp_sink
from locust_asyncdjango.lab.project.project_env import (
    database_values,
    fill_env,
    program_env,
    service_values,
    sqlite_url,
)
from locust_asyncdjango.lab.project.project_file import FILE_NAME, Project, read_project
from locust_asyncdjango.lab.project.proof import LabServices, prove
from locust_asyncdjango.lab.project.revisions.git import commit_of, describe_files, uncommitted_changes
from locust_asyncdjango.lab.project.revisions.worktree import checked_out
from tests.support.django_projects import make_project, project_text
from tests.support.programs import done

COUNT = "from blog.models import Article; print('rows:', Article.objects.count())"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder for the project, next to others of the test."""
    (tmp_path / "site").mkdir()
    return make_project(tmp_path / "site")


@pytest.fixture
def search_folder(tmp_path: Path) -> Path:
    """Make the folder that has the probe."""
    (tmp_path / "path").mkdir()
    return link_probe(tmp_path / "path")


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Make a folder for logs."""
    (tmp_path / "logs").mkdir()
    return tmp_path / "logs"


def project_in(folder: Path, more: str = "", tables: str = "") -> Project:
    """Return the project of a folder."""
    file = folder / FILE_NAME
    file.write_text(project_text(folder, more, tables))
    return read_project(file)


def lab_cache(tmp_path: Path) -> Path:
    """Return a new folder in place of the lab's cache."""
    cache = tmp_path / "cache"
    cache.mkdir(exist_ok=True)
    return cache


def test_a_database_is_filled_once_and_copied(folder: Path, tmp_path: Path, search_folder: Path, logs: Path) -> None:
    project = project_in(folder, "static = { collect = true }")
    preparation = Preparation(project, lab_cache(tmp_path), search_folder)
    assert not preparation.is_kept()
    for _ in range(2):
        with preparation.sqlite_copy(logs) as url, preparation.folder_copies() as folders:
            values = {**database_values(url), **service_values(folders=folders)}
            env = program_env(project, fill_env(project, values), search_folder)
            code, text = done(sys.executable, "manage.py", "shell", "-c", COUNT, env=env, cwd=folder)
            assert code == 0, text
            assert "rows: 7" in text
            assert (folders["static"] / "admin" / "css" / "base.css").exists()
            report = ask_project(project.python, project.root, env, where="x")
            lab = LabServices(url)
            assert prove(project, report, lab).refusals == ()
            assert prove(project, report, LabServices(sqlite_url(tmp_path / "other"))).refusals
            done(sys.executable, "manage.py", "seed", "1", env=env, cwd=folder)
        assert preparation.is_kept()
    assert (logs / "prepare.log").read_text().count("static file") <= 1
    assert not (folder / "collected").exists()
    assert not (folder / "db.sqlite3").exists()
    preparation.forget()
    assert not preparation.is_kept()


def test_a_command_that_fails_is_shown_with_its_end(
    folder: Path, tmp_path: Path, search_folder: Path, logs: Path
) -> None:
    project = replace(project_in(folder), prepare=("python manage.py migrate --verbosity 0", "python manage.py sead 7"))
    preparation = Preparation(project, lab_cache(tmp_path), search_folder)
    with pytest.raises(UsageError) as refused, preparation.sqlite_copy(logs):
        pass
    message = str(refused.value)
    assert message.startswith(f"{project.file}: the prepare command 'python manage.py sead 7' ended with exit code 1: ")
    assert "Unknown command: 'sead'" in message
    assert message.endswith(f"its output is in {logs / 'prepare.log'}")
    assert not preparation.is_kept()
    missing = replace(project, prepare=("no-such-program",))
    with pytest.raises(UsageError, match="'no-such-program' cannot be started: No such file or directory"):
        Preparation(missing, lab_cache(tmp_path), search_folder).run(sqlite_url(tmp_path / "x"), logs)


def test_a_project_that_does_not_start_says_why(folder: Path, search_folder: Path) -> None:
    project = project_in(folder)
    with (folder / "mysite" / "settings.py").open("a") as file:
        file.write('\nraise ValueError("out of order")\n')
    line = (folder / "mysite" / "settings.py").read_text().count("\n")
    env = program_env(project, fill_env(replace(project, override={}), {}), search_folder)
    with pytest.raises(UsageError) as refused:
        ask_project(project.python, project.root, env, where=FILE_NAME)
    assert str(refused.value) == (
        f"{FILE_NAME}: the project does not start: ValueError: out of order (mysite/settings.py:{line}); mend it, or"
        " set what it needs below [project.env]"
    )
    with pytest.raises(UsageError, match=r"x: /no/python cannot be started: No such file or directory"):
        ask_project(Path("/no/python"), project.root, env, where="x")


PROCESSES = """
[[process]]
name = "api"
command = "python -m http.server {process.api.port} --bind 127.0.0.1"
ready_url = "{process.api.url}/"

[[process]]
name = "worker"
command = "python -uc 'import os, time; print(os.environ[\\"API\\"], \\"ready\\"); time.sleep(600)'"
ready_log = "ready$"
env = { API = "{process.api.url}" }
"""


def test_processes_run_next_to_the_server_and_end(folder: Path, search_folder: Path, logs: Path) -> None:
    project = project_in(folder, tables=PROCESSES)
    ports = choose_ports(project)
    assert list(ports) == ["api"]
    values = service_values(process_ports=ports)
    env = program_env(project, {}, search_folder)
    with running_processes(project, env, values, logs) as programs:
        assert b"manage.py" in get(f"http://127.0.0.1:{ports['api']}/")
        assert programs[1].log_lines() == [f"http://127.0.0.1:{ports['api']} ready"]
    assert all(program.exit_code() is not None for program in programs)


@pytest.mark.parametrize(
    ("process", "message"),
    [
        (
            'command = "python -c \'raise SystemExit(\\"no licence\\")\'"\nready_log = "x"',
            "[[process]] 'api' ended before it was ready, with exit code 1: no licence",
        ),
        (
            'command = "no-such-program"\nready_log = "x"',
            "[[process]] 'api' cannot be started: No such file or directory",
        ),
    ],
)
def test_a_process_that_does_not_start(
    folder: Path, search_folder: Path, logs: Path, process: str, message: str
) -> None:
    project = project_in(folder, tables=f'[[process]]\nname = "api"\n{process}\n')
    with (
        pytest.raises(LabError) as failed,
        running_processes(project, program_env(project, {}, search_folder), {}, logs),
    ):
        pass
    assert str(failed.value).startswith(f"{project.file}: {message}")


def test_a_process_whose_port_is_taken(folder: Path, search_folder: Path, logs: Path) -> None:
    port = free_port()
    table = f'[[process]]\nname = "api"\ncommand = "python -c 1"\nready_port = {port}\n'
    project = project_in(folder, tables=table)
    env = program_env(project, {}, search_folder)
    with (
        socket.create_server(("127.0.0.1", port)),
        pytest.raises(UsageError) as refused,
        running_processes(project, env, {}, logs),
    ):
        pass
    assert f"[[process]] 'api': port {port} of this machine is taken; stop what listens there" in str(refused.value)


def test_mail_is_thrown_away() -> None:
    with running_smtp_sink() as sink:
        with smtplib.SMTP(sink.host, sink.port, timeout=60) as client:
            for _ in range(2):
                client.sendmail("lab@example.com", ["ada@example.com"], "Subject: Hello\r\n\r\nHello\r\n")
        assert sink.messages == 2
    with pytest.raises(OSError, match="refused"):
        socket.create_connection((sink.host, sink.port), timeout=5)


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return its output."""
    author = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    return subprocess.run(["git", "-C", folder, *author, *arguments], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def repository(folder: Path) -> Path:
    """Make a repository whose branch `old` has another page than its worktree, with changes, a stash and a hook."""
    git(folder, "init", "--quiet", "--initial-branch=main")
    (folder / "page.txt").write_text("old\n")
    (folder / ".gitignore").write_text("__pycache__\n*.sqlite3\n")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "old")
    git(folder, "branch", "old")
    (folder / "page.txt").write_text("stashed\n")
    git(folder, "stash")
    (folder / "page.txt").write_text("new\n")
    hook = folder / ".git" / "hooks" / "post-checkout"
    hook.write_text(f"#!/bin/sh\ntouch {folder}/hook-ran\n")
    hook.chmod(0o755)
    return folder


def state(folder: Path) -> tuple[str, ...]:
    """Return what must not change in a user's repository."""
    commands = (("status", "--porcelain"), ("stash", "list"), ("worktree", "list"), ("branch", "--list"))
    return tuple(git(folder, *command) for command in commands)


def test_a_revision_is_checked_out_next_to_the_users_files(repository: Path, tmp_path: Path, logs: Path) -> None:
    project = project_in(repository)
    before = state(repository)
    log = logs / "setup.log"
    with checked_out(project, "old", "", lab_cache(tmp_path), log) as old:
        assert (old.root / "page.txt").read_text() == "old\n"
        assert (old.python, old.views) == (project.python, project.views)
        assert (repository / "page.txt").read_text() == "new\n"
    assert not old.root.exists()
    assert state(repository) == before
    assert not (repository / "hook-ran").exists()
    assert uncommitted_changes(project) == ("page.txt",)
    for name in ("results/first/experiment.json", "results/first/trials/x/server.log", "scripts/x.pyc"):
        (repository / name).parent.mkdir(parents=True, exist_ok=True)
        (repository / name).touch()
    assert uncommitted_changes(project) == ("page.txt",)
    (repository / "scripts" / "x.py").touch()
    assert uncommitted_changes(project) == ("page.txt", "scripts/")
    shutil.rmtree(repository / "scripts")
    shutil.rmtree(repository / "results")
    assert describe_files(project) == f"{commit_of(project, 'main')[:10]} with uncommitted changes"
    with pytest.raises(KeyboardInterrupt), checked_out(project, "old", "", lab_cache(tmp_path), log):
        raise KeyboardInterrupt
    assert state(repository) == before


def test_a_revision_gets_the_environment_of_its_setup(repository: Path, tmp_path: Path, logs: Path) -> None:
    project = project_in(repository)
    setup = f"{sys.executable} -m venv --without-pip .venv"
    with checked_out(project, "old", setup, lab_cache(tmp_path), logs / "setup.log") as old:
        assert old.python == old.root / ".venv" / "bin" / "python"
        assert old.python.exists()
    before = state(repository)
    for command, message in (
        ("true", "the setup command 'true' made no virtual environment in the project's folder"),
        ("false", "the setup command 'false' ended with exit code 1"),
    ):
        failing = checked_out(project, "old", command, lab_cache(tmp_path), logs / "setup.log")
        with pytest.raises(UsageError, match=message), failing:
            pass
    assert state(repository) == before


def test_a_revision_that_there_is_not(repository: Path, tmp_path: Path) -> None:
    project = project_in(repository)
    with pytest.raises(UsageError, match=f"there is no git revision 'nope' in {repository}; fetch it, or name another"):
        commit_of(project, "nope")
    outside = replace(project, root=tmp_path)
    with pytest.raises(UsageError, match="an arm with a revision needs a git repository: fatal: not a git repository"):
        commit_of(outside, "main")
    assert describe_files(outside) == ""


def test_a_missing_server_goes_into_a_folder_of_ours(tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python, cache = environment / "bin" / "python", lab_cache(tmp_path)
    before = sorted(environment.rglob("*"))
    installed: dict[str, str] = {}
    assert missing_packages(["waitress"], installed) == ("waitress",)
    offline = {"PIP_NO_INDEX": "1", "UV_OFFLINE": "1"}
    os.environ.update(offline)
    try:
        with pytest.raises(UsageError) as refused:
            overlay_for(python, "3.11.7", ["waitress"], installed, cache, may_install=True)
    finally:
        for name in offline:
            del os.environ[name]
    assert "waitress needs waitress" in str(refused.value)
    assert str(refused.value).endswith(f"when there is a network, run {python} -m pip install waitress")
    assert sorted(environment.rglob("*")) == before
