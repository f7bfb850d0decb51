"""asyncdjango.toml: what it means, and what is said of one that cannot be used."""

import os
import re
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.project_file import (
    FILE_NAME,
    PROJECT_KEYS,
    Project,
    find_project_file,
    read_project,
)
from locust_asyncdjango.lab.project.tables.arms import KEYS as ARM_KEYS
from locust_asyncdjango.lab.project.tables.arms import ProjectArm
from locust_asyncdjango.lab.project.tables.processes import KEYS as PROCESS_KEYS
from locust_asyncdjango.lab.project.tables.processes import ProjectProcess
from locust_asyncdjango.lab.project.tables.views import LOGIN_KEYS, VIEW_KEYS
from locust_asyncdjango.routes import Login, View
from tests.support.project_files import PROJECT, VIEW, project_of, refusal_of, write_project_file

WHOLE = f"""
[project]
root = "src"
python = {sys.executable!r}
settings = "mysite.settings"
wsgi = "mysite.wsgi.application"
asgi = "mysite.asgi"
prepare = ["python manage.py migrate", "python manage.py loaddata 'two words'"]
database = "own"
database_url = "{{env.STAGING_URL}}"
cache = "own"

[project.env]
DATABASE_URL = "{{db.url}}"
REDIS_URL = "{{redis.url}}"
SECRET_KEY = "{{env.SECRET_KEY}}"
API = "{{process.api.url}}/v1"

[project.override]
DEBUG = false
EMAIL_HOST = "{{smtp.host}}"

[project.static]
collect = true

[[view]]
name = "articles"
path = "/articles/?page=1"
async_path = "/async/articles/"
headers = {{ Accept = "text/html" }}
expected_status = [200, 304]
login = "editor"
ignore = ["id=\\"\\\\d+\\""]

[[view]]
name = "save"
path = "/{{variant}}/save/"
variants = ["orm", "raw"]
json = {{ query = "{{ articles {{ id }} }}" }}

[login.editor]
form = {{ username = "ada", password = "{{env.PASSWORD}}" }}

[[arm]]
server = "gunicorn-sync"
workers = 4

[[arm]]
name = "branch"
server = "gunicorn-100-threads"
threads = 8
variant = "sync"
env = {{ CONN_MAX_AGE = "60" }}
revision = "feature/x"
setup = "uv sync"
max_connections = 20

[[process]]
name = "api"
command = "python stub.py {{process.api.port}}"
ready_url = "{{process.api.url}}/healthz"
env = {{ A = "b" }}

[experiment]
latency_ms = [0, 2]
users = 100
"""


VIEWS = (
    View(
        "articles",
        "/articles/?page=1",
        async_path="/async/articles/",
        headers=(("Accept", "text/html"),),
        expected_status=(200, 304),
        login="editor",
        ignore=('id="\\d+"',),
    ),
    View(
        "save",
        "/{variant}/save/",
        variants=("orm", "raw"),
        method="POST",
        json={"query": "{ articles { id } }"},
    ),
)
ARMS = (
    ProjectArm("gunicorn-sync-4-workers", "gunicorn-sync", workers=4),
    ProjectArm(
        "branch",
        "gunicorn-100-threads",
        threads=8,
        variant="sync",
        env={"CONN_MAX_AGE": "60"},
        revision="feature/x",
        setup="uv sync",
        max_connections=20,
    ),
)


def test_the_whole_file(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    file = write_project_file(tmp_path, WHOLE)
    assert read_project(file) == Project(
        file=file,
        root=tmp_path / "src",
        python=Path(sys.executable),
        settings="mysite.settings",
        wsgi="mysite.wsgi:application",
        asgi="mysite.asgi:application",
        prepare=("python manage.py migrate", "python manage.py loaddata 'two words'"),
        env={
            "DATABASE_URL": "{db.url}",
            "REDIS_URL": "{redis.url}",
            "SECRET_KEY": "{env.SECRET_KEY}",
            "API": "{process.api.url}/v1",
        },
        override={"DEBUG": False, "EMAIL_HOST": "{smtp.host}"},
        collect_static=True,
        views=VIEWS,
        logins={"editor": Login("editor", form=(("username", "ada"), ("password", "{env.PASSWORD}")))},
        arms=ARMS,
        processes=(
            ProjectProcess(
                "api",
                "python stub.py {process.api.port}",
                ready_url="{process.api.url}/healthz",
                env={"A": "b"},
            ),
        ),
        database="own",
        database_url="{env.STAGING_URL}",
        own_cache=True,
        experiment={"latency_ms": [0, 2], "users": 100},
    )


def test_the_smallest_file(tmp_path: Path) -> None:
    project = project_of(tmp_path)
    assert project == Project(
        file=tmp_path / FILE_NAME,
        root=tmp_path,
        python=Path(sys.executable),
        settings="mysite.settings",
        views=(View("home", "/"),),
    )
    assert (project.redis, project.smtp, project.variants) == (False, False, ())


def test_what_a_project_uses_follows_from_its_placeholders(tmp_path: Path) -> None:
    project = project_of(
        tmp_path,
        '[project.env]\nREDIS = "{redis.host}"\n[project.override]\nEMAIL = { hosts = ["{smtp.host}"] }',
        "[[view]]\nname='a'\npath='/{variant}/'\n[[view]]\nname = 'b'\npath = '/{variant}/x/'\nvariants = ['c', 'd']",
    )
    assert (project.redis, project.smtp, project.variants) == (True, True, ("sync", "async", "c", "d"))


def test_every_key_of_a_table_is_a_member() -> None:
    assert [set(keys) - {each.name for each in fields(declaring)} for keys, declaring in (
        (VIEW_KEYS, View),
        (LOGIN_KEYS, Login),
        (ARM_KEYS, ProjectArm),
        (PROCESS_KEYS, ProjectProcess),
        (PROJECT_KEYS, Project),
    )] == [set(), set(), set(), set(), {"static", "cache"}]  # fmt: skip


def test_a_locustfile_and_the_python_of_the_folders_environment(tmp_path: Path) -> None:
    (tmp_path / "users.py").touch()
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    text = '[project]\nsettings = "mysite.settings"\nlocustfile = "users.py"\n'
    project = read_project(write_project_file(tmp_path, text))
    assert (project.python, project.locustfile, project.views) == (python, tmp_path / "users.py", ())
    named = read_project(write_project_file(tmp_path, f'{text}python = ".venv"'))
    assert named.python == python


def test_the_nearest_file_is_a_folders(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_project_file(below) is None
    file = write_project_file(tmp_path, "")
    assert find_project_file(below) == file


IN_PROJECT = [
    ("root = 1", "root must be a text in quotes"),
    ("root = ''", "root must be a text in quotes"),
    ("root = 'missing'", "root = 'missing': there is no such folder; paths begin at "),
    ("wsgi = 'mysite/wsgi.py'", 'wsgi must be module:attribute, such as "mysite.wsgi:application"'),
    ("asgi = 'a b'", "asgi must be module:attribute"),
    ("setings = 'x'", "there is no key 'setings'; did you mean 'settings'?"),
    (
        "zzz = 1",
        "there is no key 'zzz'; choose from root, python, settings, wsgi, asgi, prepare, locustfile, database,",
    ),
    ("prepare = 3", 'prepare must be a list of texts, such as ["one", "two"]'),
    ("prepare = ['a', 2]", 'prepare must be a text in quotes, such as "text"'),
    ("prepare = 'a | b'", "prepare runs without a shell, which '|' would need; write it as sh -c '...'"),
    ("prepare = 'a \"b'", "prepare has a quote that is not closed"),
    ('prepare = "a\\nb"', "prepare must be one line, without control characters"),
    ("locustfile = 'missing.py'", "locustfile = 'missing.py': there is no such file; paths begin at "),
    ("database = 'oracle'", "database must be one of 'postgresql', 'sqlite', 'mysql', 'own'"),
    ("database = ['own']", "database must be one of 'postgresql', 'sqlite', 'mysql', 'own'"),
    ("database_url = '{db.url}x{'", "database_url has a brace without its other half; write {{ or }} for a brace"),
    ("env = 'A=b'", 'env must be a table, such as { DEBUG = "0" }'),
    ("env = { A = 1 }", "env A must be a text in quotes"),
    ("env = { 'A B' = '' }", "env has 'A B', which is not the name of an environment variable"),
    ("env = { A = '{db.hots}' }", "env A has {db.hots}, which is none of {db.url}, {db.host}, "),
    ("env = { A = '{db.host:>9}' }", "env A has {db.host:>9}, which is none of "),
    ("env = { A = '{db.host!r}' }", "env A has {db.host!r}, which is none of "),
    ("env = { A = '{}' }", "env A has {}, which is none of "),
    ("env = { A = '{' }", "env A has a brace without its other half; write {{ or }} for a brace of the text"),
    ("env = { A = '{env.1}' }", "env A has {env.1}, which is none of "),
    ("env = { A = '{folder.a/b}' }", "env A has {folder.a/b}, which is none of "),
    ("env = { A = '{process.x.pid}' }", "env A has {process.x.pid}, which is none of "),
    ("override = 1", "override must be a table of Django settings"),
    ("override = { debug = true }", "override has 'debug', which is not the name of a Django setting, in upper case"),
    ("override = { A = [{ b = '{x.y}' }] }", "override A has {x.y}, which is none of "),
    ("override = { A = 2026-01-01 }", "override must not have dates, times, inf or nan; write a date as a text"),
    ("static = true", "static may have collect = true, to run collectstatic, and nothing else"),
    ("static = { collect = 'yes' }", "static may have collect = true, to run collectstatic, and nothing else"),
    ("static = { colect = true }", "static may have collect = true, to run collectstatic, and nothing else"),
]
TABLES = [
    (VIEW + "[[experiment]]", "[experiment] must be a table, with a key = value on each line"),
    (VIEW + "[views]", "there is no table 'views'; choose from [project], [[view]], [login.NAME], [[arm]], "),
]


@pytest.mark.parametrize(("keys", "message"), IN_PROJECT, ids=[keys for keys, _ in IN_PROJECT])
def test_a_key_of_the_project_that_cannot_be_used(tmp_path: Path, keys: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        project_of(tmp_path, keys)
    separator = ": " if message.startswith("there is no key") else " "
    assert str(refused.value).startswith(f"{tmp_path / FILE_NAME}: [project]{separator}{message}")


@pytest.mark.parametrize(("tables", "message"), TABLES, ids=[tables for tables, _ in TABLES])
def test_a_table_that_cannot_be_used(tmp_path: Path, tables: str, message: str) -> None:
    assert refusal_of(tmp_path, tables).startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[project", " is not TOML: "),
        ("\udcff", " is not TOML: "),
        ("a = " + "[" * 5000 + "]" * 5000, " is not a project file: it is nested too deeply"),
        ("", ": the table [project] is missing; `locust-asyncdjango init` writes a file to begin with"),
        ("project = 1", ": [project] must be a table, with a key = value on each line"),
        ("settings = 'a'", ": 'settings' belongs below the line [project]"),
        ("[project]", ": [project]: the key 'settings' is missing"),
        ("[project]\nsettings = 'a b'", ": [project] settings must be the dotted name of a module, such as "),
        (f"{PROJECT}", " says nothing to measure; add [[view]] tables, or locustfile = ... below [project]"),
        (f"{PROJECT}python = 1", " is not TOML: "),
        (
            "[project]\nsettings = 'a'\npython = './no/python'",
            ": [project] python = './no/python': there is no such file",
        ),
        (
            "[project]\nsettings = 'a'\npython = 'no-such-python'",
            ": [project] python = 'no-such-python' is no program;",
        ),
        (
            f"{PROJECT}locustfile = '{FILE_NAME}'\n{VIEW}",
            " has [[view]] tables and a locustfile; measure them in two files",
        ),
        (f"{PROJECT}database_url = 'x'\n{VIEW}", ': [project] database_url needs database = "own"; without, the lab'),
        (
            f"{PROJECT}database = 'own'\nenv = {{ A = '{{db.host}}' }}\n{VIEW}",
            ': {db.host} needs the key database_url below [project], as database = "own"',
        ),
        (
            f"{PROJECT}env = {{ A = '{{process.a.url}}' }}\n{VIEW}",
            ": [project]: {process.a.url} names no process, as the file has no [[process]]",
        ),
    ],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / FILE_NAME
    file.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(UsageError) as refused:
        read_project(file)
    assert str(refused.value).startswith(f"{file}{message}")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for file, reason in ((tmp_path / "none.toml", "No such file or directory"), (tmp_path, "Is a directory")):
        with pytest.raises(UsageError) as refused:
            read_project(file)
        assert str(refused.value) == f"cannot read {file}: {reason}; `locust-asyncdjango init` writes one"


def test_a_program_of_another_user_is_no_python(tmp_path: Path) -> None:
    (tmp_path / "python").touch()
    os.chmod(tmp_path / "python", 0o600)  # noqa: PTH101
    with pytest.raises(UsageError, match=r"\[project\] python = './python' is no program"):
        read_project(write_project_file(tmp_path, f"[project]\nsettings = 'a'\npython = './python'\n{VIEW}"))


def test_the_examples_in_the_document_are_tables_of_a_file(tmp_path: Path) -> None:
    document = (Path(__file__).parents[4] / "docs" / "own-project.md").read_text()
    examples = re.findall(r"^```toml\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    assert len(examples) > 5
    for example in examples:
        views = "" if "[[view]]" in example else VIEW.replace('path = "/"', 'path = "/"\nasync_path = "/a/"')
        named = "".join(
            f'[[process]]\nname = "{name}"\ncommand = "x"\nready_log = "x"\n'
            for name in set(re.findall(r"{process\.(\w+)\.", example))
            if f'name = "{name}"' not in example
        )
        assert project_of(tmp_path, "", "\n".join((example, views, named))).views
