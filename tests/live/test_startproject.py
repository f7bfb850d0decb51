"""A project of the user's own, and the services it runs beside: as a new user takes them up."""

import json
import os
import re
import shutil
import signal
import urllib.request
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from locust_asyncdjango.lab.environment.process import free_port, port_is_free
from locust_asyncdjango.metrics.series_file import Series
from locust_asyncdjango.probe.protocol import PREFLIGHT_PATH, SLOTS_PATH
from tests.support.loads import load_until
from tests.support.programs import (
    BIN,
    done,
    lab,
    running,
    wait_for,
)
from tests.support.site_client import fetch
from tests.support.site_fixtures import POSTS

ON_PATH = {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(autouse=True)
def _as_a_new_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of the target site name its settings to all; a project has its own."""
    monkeypatch.delenv("DJANGO_SETTINGS_MODULE")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose folder has a - in its name."""
    folder = tmp_path_factory.mktemp("projects") / "my-site"
    code, text = done(*lab("startproject", folder.name), cwd=folder.parent)
    assert code == 0
    assert text.startswith("my-site has the site my_site, its tests and its locustfiles; see its README.md. Next:\n")
    assert "\n  cd my-site\n" in text
    assert [path.name for path in folder.parent.iterdir()] == ["my-site"]
    assert {path.name for path in folder.iterdir()} == {
        "README.md",
        "requirements.txt",
        "manage.py",
        "my_site",
        "locustfiles",
    }
    return folder


@pytest.mark.without_debian
def test_the_projects_tests_pass(project: Path) -> None:
    command = lab("services", "--posts", str(POSTS), "--", "python", "-W", "error", "manage.py", "test")
    code, text = done(*command, env=ON_PATH, cwd=project)
    assert code == 0, text
    assert "\nOK\n" in text  # none was skipped


def test_the_project_passes_djangos_check_for_deployment(project: Path) -> None:
    check: list[str | Path] = [BIN / "python", "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    assert done(*check, cwd=project) == (0, "System check identified no issues (4 silenced).\n")


def test_what_the_check_for_deployment_leaves_out_needs_https_and_has_its_reason(project: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(project, tmp_path / project.name)
    settings = copy / "my_site" / "settings.py"
    listed = re.search(r"SILENCED_SYSTEM_CHECKS = \[\n(.*?)\]\n", settings.read_text(), re.DOTALL)
    assert listed is not None
    lines = listed[1].splitlines()
    reasons = [re.fullmatch(r'    "(security\.W\d{3})",  # ([A-Z_]+): .+', line) for line in lines]
    silenced = {reason[1]: reason[2] for reason in reasons if reason}
    assert len(silenced) == len(lines)
    settings.write_text(settings.read_text().replace(listed[0], ""))
    code, text = done(BIN / "python", "manage.py", "check", "--deploy", "--fail-level", "WARNING", cwd=copy)
    warnings = dict(re.findall(r"^\?: \((security\.W\d{3})\) (.*)$", text, re.MULTILINE))
    assert (code, set(warnings)) == (1, set(silenced))
    assert [name for name, setting in silenced.items() if setting not in warnings[name]] == []


def test_the_projects_tests_name_missing_services(project: Path, database_url: str) -> None:
    env = {"DATABASE_URL": database_url, "REDIS_URL": "", "SLOW_API_URL": ""}
    code, text = done(BIN / "python", "manage.py", "test", "-v2", env=env, cwd=project)
    assert code == 0, text
    assert "skipped 'needs a Redis: name one in REDIS_URL'" in text
    assert "skipped 'needs the slow API: name it in SLOW_API_URL'" in text


def test_the_projects_tests_fail_when_a_variant_differs(tmp_path: Path, database_url: str) -> None:
    folder = tmp_path / "different"
    assert done(*lab("startproject", folder))[0] == 0
    route = folder / "different" / "routes" / "cpu.py"
    route.write_text(route.read_text().replace('"sum": sum_of_squares(n)', '"sum": sum_of_squares(n) + 1', 1))
    test = (BIN / "python", "manage.py", "test", "-k", "test_cpu")
    code, text = done(*test, env={"DATABASE_URL": database_url}, cwd=folder)
    assert code == 1
    assert "FAIL: test_cpu" in text
    assert "FAILED (failures=" in text


@pytest.mark.parametrize(
    ("server", "application", "interface"),
    [
        pytest.param(
            "gunicorn --bind=127.0.0.1:{port}", "my_site.wsgi", "wsgi", marks=pytest.mark.without_debian, id="gunicorn"
        ),
        pytest.param("uvicorn --port={port}", "my_site.asgi:application", "asgi", id="uvicorn"),
        pytest.param(
            "gunicorn --bind=127.0.0.1:{port} -k uvicorn_worker.UvicornWorker",
            "my_site.asgi:application",
            "asgi",
            id="gunicorn with uvicorn's worker",
        ),
    ],
)
def test_the_project_is_served_and_loaded(
    project: Path, tmp_path: Path, server: str, application: str, interface: str
) -> None:
    port = free_port()
    command = [*server.format(port=port).split(), application]
    with running(*lab("services", "--posts", str(POSTS), *command), env=ON_PATH, cwd=project) as program:
        program.wait_for("Booting worker|Uvicorn running on")
        url = f"http://127.0.0.1:{port}"
        paths = {f"/{route}/" for route in ("io_read", "orm_post", "cached", "external")}
        files = ",".join(f"locustfiles{path[:-1]}.py" for path in paths)

        def has_all_paths(series: Series) -> bool:
            return paths <= {name.split()[-1] for name in series.total.names}

        load = ("--shape", "RampTo500", "-u", "8", "-r", "8", "-H", url)
        code, text, _ = load_until(has_all_paths, tmp_path / "series.jsonl", "-f", files, *load, cwd=project)
        assert code == 0, text
        assert [path for path in paths if f" {path} " not in text] == []
        with urllib.request.urlopen(f"{url}/routes.json") as response:
            assert json.loads(response.read())["interface"] == interface
        with urllib.request.urlopen(f"{url}/io_read/") as response:
            assert json.loads(response.read())["count"] > POSTS
        # The project has no pages for the lab.
        missing = fetch(f"{url}/no-such-page")
        assert missing[0] == 404
        assert [fetch(f"{url}{path}") for path in (PREFLIGHT_PATH, f"{SLOTS_PATH}?ms=5000")] == [missing] * 2
        program.signal(signal.SIGINT)
        assert program.end() == 130
        assert program.left_behind() == []


def test_an_empty_folder_is_filled_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "mysite"
    folder.mkdir()
    number = folder.stat().st_ino
    code, text = done(*lab("startproject", "."), cwd=folder)
    assert (code, folder.stat().st_ino) == (0, number)
    assert "\n  cd " not in text
    before = sorted(folder.rglob("*"))
    assert done(*lab("startproject", folder)) == (
        2,
        f"locust-asyncdjango: error: {folder} exists already and is not an empty folder; name a new one\n",
    )
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("test",), "the site's package cannot be called 'test': a module of that name exists already; choose another"),
        (
            ("site", "--name", "1st"),
            "the site's package cannot be called '1st'; choose a --name of at most 40 lower-case ",
        ),
        (("a-file",), "a-file exists already and is not an empty folder; name a new one"),
        (("a-file/mysite",), "a-file/mysite cannot be written: File exists; name another folder"),
    ],
)
def test_what_cannot_be_written(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    (tmp_path / "a-file").touch()
    code, text = done(*lab("startproject", *arguments), cwd=tmp_path)
    assert code == 2
    assert text.startswith(f"locust-asyncdjango: error: {message}")
    assert text.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


@pytest.mark.without_debian
def test_services_name_a_database_with_posts_to_the_command_and_pass_on_its_exit_code(tmp_path: Path) -> None:
    (tmp_path / "here.py").write_text(
        "import os, psycopg2, sys\n"
        "assert os.environ['REDIS_URL'].startswith('redis://127.0.0.1:')\n"
        "assert os.environ['SLOW_API_URL'].startswith('http://127.0.0.1:')\n"
        "cursor = psycopg2.connect(os.environ['DATABASE_URL']).cursor()\n"
        "cursor.execute('TABLE target_site_post')\n"
        "print(cursor.rowcount, 'posts')\n"
        "sys.exit(7)\n"
    )
    flags = ("--posts", str(POSTS), "--max-connections", "7")
    code, text = done(*lab("services", *flags, "--", BIN / "python", "here.py"), cwd=tmp_path)
    assert (code, text.splitlines()[-1]) == (7, f"{POSTS} posts")


def test_services_pass_on_the_signal_that_ends_the_command() -> None:
    assert done(*lab("services", "--posts", str(POSTS), "sh", "-c", "kill -KILL $$"))[0] == 137


def test_the_users_own_database_gets_no_posts_of_the_project(project: Path, database_url: str) -> None:
    env = {**ON_PATH, "DATABASE_URL": database_url}
    show = "import os; print(os.environ['DATABASE_URL'])"
    code, text = done(*lab("services", "--posts", str(POSTS), "python", "-c", show), env=env, cwd=project)
    assert (code, text.splitlines()[-1]) == (0, database_url)
    with closing(psycopg2.connect(database_url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('my_site_post')")
        assert cursor.fetchone() == (None,)


@pytest.mark.parametrize(("signum", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_stopped_command_leaves_nothing(signum: signal.Signals, code: int) -> None:
    script = "sleep 1000 & echo started beside $REDIS_URL; wait"
    with running(*lab("services", "--posts", str(POSTS), "--", "sh", "-c", script)) as program:
        redis_port = int(program.wait_for(r"started beside redis://127\.0\.0\.1:(\d+)/0\n")[1])
        # A shell that has just forked is not yet what it is to be.
        wait_for(lambda: "sleep 1000" in program.left_behind(), lambda: "sleep does not run")
        program.signal(signum)
        program.signal(signum)
        assert program.end() == code
        assert program.left_behind() == []
        assert port_is_free(redis_port)  # Redis overwrites the environment by which left_behind knows a process


@pytest.mark.without_debian
def test_without_a_command_the_services_stay_up() -> None:
    with running(*lab("services", "--posts", str(POSTS))) as program:
        url = program.wait_for(r"export DATABASE_URL=(postgresql://\S+)\n")[1]
        redis_port = int(program.wait_for(r"export REDIS_URL=redis://127\.0\.0\.1:(\d+)/0\n")[1])
        slow_api = program.wait_for(r"export SLOW_API_URL=(http://127\.0\.0\.1:\d+)\n")[1]
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM target_site_post")
            assert cursor.fetchone() == (POSTS,)
        with urllib.request.urlopen(f"{slow_api}/?ms=1") as response:
            assert json.loads(response.read())["ms"] == 1
        program.signal(signal.SIGINT)
        assert program.end() == 130
        assert program.left_behind() == []
        assert port_is_free(redis_port)


def test_a_command_that_cannot_be_run(tmp_path: Path) -> None:
    no_script = tmp_path / "no-script"
    no_script.write_bytes(b"\x00")
    no_script.chmod(0o755)
    for command, message in (
        ("no-such-program", "there is no program 'no-such-program' to run; see that it is installed and on PATH"),
        ("./no-script", "./no-script cannot be run: Exec format error; does a script name its interpreter?"),
    ):
        code, text = done(*lab("services", "--posts", str(POSTS), "--", command), cwd=tmp_path)
        assert (code, text.splitlines()[-1]) == (2, f"locust-asyncdjango: error: {message}")


def test_a_project_that_cannot_be_seeded(tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    assert done(*lab("startproject", folder))[0] == 0
    (folder / "broken" / "models.py").write_text("raise SystemExit('planted')\n")
    code, text = done(*lab("services", "--posts", str(POSTS), "--", "true"), cwd=folder)
    assert (code, text.splitlines()[-1]) == (
        2,
        "locust-asyncdjango: error: this folder's manage.py seed_posts failed: planted",
    )
