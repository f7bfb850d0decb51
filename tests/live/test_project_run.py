"""`check` and `run` on a real project: what its views answer, what is measured, and what is refused."""

import json
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path
from tempfile import gettempdir
from typing import Any

import pytest

from locust_asyncdjango.lab.project.project_file import FILE_NAME
from tests.support.django_projects import make_project, on_postgresql, project_text
from tests.support.programs import done, running

LAB = (sys.executable, "-P", "-m", "locust_asyncdjango.lab.cli")
DEADLINE_S = 600
ARMS = """
[[arm]]
name = "sync"
server = "gunicorn-sync"
workers = 2

[[arm]]
name = "async"
server = "gunicorn-uvicorn"
env = { ARM_PASSWORD = "s3cret-of-the-arm" }
"""
TWINS = 'async_path = "/async/articles/"\n'
FAR = ("--client-latency-ms", "25")
"""Users so far away leave the machine time for other tests."""
BLOCKING = """
async def async_articles(request):
    end_s = time.thread_time() + 0.065
    while time.thread_time() < end_s: sum(range(1000))  # the mistake that the report has to name
"""
MIDDLEWARE = """
from django.db import OperationalError, connection
from django.http import HttpResponse

class SlowMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.05)")
        except OperationalError:
            if request.path == "/articles/2/":
                return HttpResponse("try again", status=500)
            raise
        return self.get_response(request)
"""
FEW_CONNECTIONS = """
[[view]]
name = "swallowed"
path = "/articles/2/"

[[arm]]
name = "sync"
server = "gunicorn-100-threads"
threads = 8
max_connections = 4

[[arm]]
name = "async"
server = "gunicorn-uvicorn"
max_connections = 4
"""


def lab(folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run a command of the lab in a project's folder. Return its exit code and what it prints."""
    return done(*LAB, *arguments, env=env or {}, cwd=folder, deadline_s=DEADLINE_S)


def read_results(folder: Path) -> dict[str, Any]:
    """Return the content of each trial's result by the trial's id."""
    return {file.parent.name: json.loads(file.read_text()) for file in folder.glob("trials/*/result.json")}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a project whose folder has a file for the lab, with twins and two arms."""
    (tmp_path / "site").mkdir()
    site = make_project(tmp_path / "site")
    (site / FILE_NAME).write_text(project_text(site, tables=TWINS + ARMS))
    return site


def test_every_view_answers_on_every_arm(folder: Path) -> None:
    code, text = lab(folder, "check")
    assert code == 0, text
    answers = [line for line in text.splitlines() if line.startswith("  ") and not line.startswith("  note:")]
    assert [line.split()[:2] for line in answers] == [
        ["articles/sync", "200"],
        ["articles/async", "200"],
    ]
    assert "\nall 2 arms can be measured\n" in text
    assert "prepare: python manage.py migrate" in text
    budget = re.search(
        r"\nnext: locust-asyncdjango run --budget (\w+)\nthis is the shortest budget for 1 view on 2 arms;", text
    )
    assert budget, text
    code, text = lab(folder, "run", "--budget", budget[1], "--dry-run")
    assert code == 0, text
    code, text = lab(folder, "run", "--budget", "1m")
    assert (code, text.splitlines()[0].startswith("locust-asyncdjango: error: --budget 1m is too short")) == (2, True)


def test_a_pilot_chooses_the_users_of_a_view(folder: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    with running(*LAB, "run", "--output", results, cwd=folder) as program:
        program.wait_for(r"articles on sync \(1 of 2\)")
        program.signal(signal.SIGINT)
        assert program.end() == 130
        assert program.left_behind() == []
        ((subject, users),) = json.loads((results / "experiment.json").read_text())["experiment"]["ramp_users"]
        assert f"the users climb to {users} users\n" in program.text
    assert (subject, 20 <= users <= 500) == ("articles", True)
    code, text = lab(folder, "run", "--budget", "4m", "--dry-run")
    assert code == 0, text
    assert "with a ramp of 12 s to as many users as a short pilot finds for each view and a plateau of 15 s" in text


def test_a_project_without_arms_is_started_once_to_look_at_it(folder: Path, tmp_path: Path) -> None:
    with (folder / "mysite" / "settings.py").open("a") as settings:
        settings.write(f'import sys\nopen({str(tmp_path / "starts")!r}, "a").write(sys.argv[0] + "\\n")\n')
    (folder / FILE_NAME).write_text(project_text(folder))
    code, text = lab(folder, "run", "--dry-run")
    assert code == 0, text
    assert [Path(name).name for name in (tmp_path / "starts").read_text().splitlines()] == ["ask.py"]


@pytest.mark.without_debian
def test_a_pair_is_measured_and_nothing_secret_is_written(folder: Path, tmp_path: Path) -> None:
    views = folder / "blog" / "views.py"
    views.write_text(
        f"import time\n{views.read_text().replace('async def async_articles(request):', BLOCKING.strip())}"
    )
    results = tmp_path / "results"
    code, text = lab(folder, "run", "-u", "4", "-r", "4", "-t", "10s", *FAR, "--output", str(results))
    assert code == 0, text
    trials = read_results(results)
    assert trials.keys() == {"articles-sync", "articles-async"}
    for name, result in trials.items():
        (times,) = result["probe"]["requests"]
        assert (times["name"], times["is_async"], times["failed"]) == ("GET articles", name.endswith("-async"), 0)
        assert times["requests"] > 0
        assert 0.5 < times["queries"] <= 1  # the end of the load cuts some off before they ask
        assert times["queued_ms"] is not None
    assert trials["articles-sync"]["probe"]["processes"] == 2
    report = (results / "report.md").read_text()
    assert "Where a request's time goes" in report
    (line,) = (n for n, code in enumerate(views.read_text().splitlines(), 1) if code.endswith("has to name"))
    assert re.search(rf"On async the event loop was blocked by blog/views\.py:{line} \(async\\?_articles\)", report)
    files = [path for path in results.rglob("*") if path.is_file()]
    assert [path for path in files if b"s3cret-of-the-arm" in path.read_bytes()] == []
    code, text = lab(folder, "run", "--resume", str(results))
    assert (code, "report.html" in text) == (0, True), text
    # A run that goes on needs the same arms.
    (folder / FILE_NAME).write_text(project_text(folder, tables=TWINS + ARMS.replace("workers = 2", "workers = 3")))
    code, text = lab(folder, "run", "--resume", str(results))
    assert (code, "the arm 'sync' has changed since the run began; measure anew" in text) == (2, True), text
    (folder / FILE_NAME).write_text(project_text(folder, tables='headers = { X-Shop = "1" }\n' + TWINS + ARMS))
    code, text = lab(folder, "run", "--resume", str(results))
    assert (code, "[[view]] 'articles' changed since the run began; measure anew" in text) == (2, True), text
    (folder / FILE_NAME).write_text(project_text(folder, tables=TWINS + ARMS))
    views.write_text(views.read_text().replace("await Article.objects.acount()", "1 + await Article.objects.acount()"))
    shutil.rmtree(results / "trials" / "articles-async")
    code, text = lab(folder, "run", "--resume", str(results))
    assert (code, "error: twins differ: articles: the JSON first differs at count" in text) == (2, True), text


def test_no_secret_of_the_environment_is_written(folder: Path, tmp_path: Path) -> None:
    results, greeting = tmp_path / "results", 'pl4nted "by" <the> test\'s'
    with (folder / "mysite" / "settings.py").open("a") as settings:
        settings.write(
            'import os, sys\nGREETING = os.environ["GREETING"]\nprint("settings", GREETING, file=sys.stderr)\n'
        )
    views = folder / "blog" / "views.py"
    failing = """def articles(request):
    from django.conf import settings
    global requests
    requests += 1
    if requests % 3 == 0:
        raise ValueError(settings.GREETING)
"""
    views.write_text("requests = 0\n" + views.read_text().replace("def articles(request):\n", failing))
    tables = """
[[arm]]
server = "gunicorn-sync"

[[process]]
name = "greeter"
command = "python -uc 'import os, time; print(os.environ[\\"GREETING\\"], \\"ready\\"); time.sleep(600)'"
ready_log = "ready$"
"""
    text = project_text(folder, 'env.GREETING = "{env.PLANTED}"', tables)
    (folder / FILE_NAME).write_text(text.replace('prepare = ["', 'prepare = ["python manage.py check", "'))
    flags = ("-u", "2", "-r", "2", "-t", "3s", *FAR, "--output", str(results))
    code, text = lab(folder, "run", *flags, env={"PLANTED": greeting})
    assert code == 0, text
    (trial,) = (results / "trials").iterdir()
    assert "settings ***" in (trial / "gunicorn-sync.log").read_text()
    assert "ValueError: ***" in (trial / "gunicorn-sync.log").read_text()
    assert (trial / "process-greeter.log").read_text() == "*** ready\n"
    assert "ValueError" in (trial / "failures.json").read_text()
    files = [path for path in results.rglob("*") if path.is_file()]
    assert [path for path in files if b"pl4nted" in path.read_bytes()] == []
    assert "pl4nted" not in text


def test_refused_connections_are_named_also_where_a_middleware_swallows_them(folder: Path, tmp_path: Path) -> None:
    (folder / "blog" / "middleware.py").write_text(MIDDLEWARE)
    with (folder / "mysite" / "settings.py").open("a") as settings:
        settings.write('MIDDLEWARE.insert(0, "blog.middleware.SlowMiddleware")\n')
    text = project_text(folder, tables=FEW_CONNECTIONS)
    (folder / FILE_NAME).write_text(on_postgresql(text))
    results = tmp_path / "results"
    code, text = lab(folder, "run", "-u", "8", "-r", "8", "-t", "4s", *FAR, "--output", str(results))
    assert code == 0, text
    trials, report = read_results(results), (results / "report.md").read_text()
    for arm in ("sync", "async"):
        named, swallowed = trials[f"articles-{arm}"], trials[f"swallowed-{arm}"]
        assert [failure["kind"] for failure in named["figures"]["failures"]] == ["db_too_many_clients"]
        assert named["refused"] is None
        (times,) = named["probe"]["requests"]
        assert [name.split(";")[:2] for name in times["failures"]] == [
            ["django.db.utils.OperationalError", "psycopg.OperationalError"]
        ]
        (failure,) = swallowed["figures"]["failures"]
        assert swallowed["refused"]["failures"] == {"app_error": failure["count"]}
        cause = (
            f"{failure['count']} opaque failures \\(app\\\\?_error\\), \\d+ refused connections in the same seconds: "
        )
        assert re.search(f"{cause}the database refused connections", report)


def test_twins_that_differ_are_not_measured(folder: Path, tmp_path: Path) -> None:
    views = folder / "blog" / "views.py"
    views.write_text(views.read_text().replace("await Article.objects.acount()", "1 + await Article.objects.acount()"))
    code, text = lab(folder, "check")
    assert code == 1
    assert "twins differ: articles: the JSON first differs at count" in text
    code, text = lab(folder, "run", "-t", "2s", "--output", str(tmp_path / "results"))
    assert (code, "error: twins differ: articles: the JSON first differs at count" in text) == (2, True), text
    assert not (tmp_path / "results").exists()


def test_a_view_that_fails_and_an_arm_that_does_not_start_are_named(folder: Path, tmp_path: Path) -> None:
    views = folder / "blog" / "views.py"
    failing = "def articles(request):\n    raise KeyError('s3cret-of-the-' + 'arm')\n"
    views.write_text(views.read_text().replace("def articles(request):\n", failing))
    line = views.read_text().splitlines().index(failing.splitlines()[1]) + 1
    (folder / "mysite" / "asgi.py").write_text("raise RuntimeError('no asgi today')\n")
    text = project_text(folder, 'asgi = "mysite.asgi:application"', TWINS + ARMS)
    (folder / FILE_NAME).write_text(text)
    code, text = lab(folder, "check")
    assert code == 1
    text = " ".join(text.split())
    error = f"500: KeyError: '***' (blog/views.py:{line}); its server's log says more: "
    assert f'view "articles/sync" on arm "sync" answered {error}' in text
    log = Path(text.partition(error)[2].split()[0]).read_text()
    assert (log.count("probe> KeyError: '***'"), "s3cret-of-the-arm" in log + text) == (1, False), log
    assert "async: NOT USABLE: gunicorn-uvicorn did not start: RuntimeError: no asgi today" in text
    assert "0 of 2 arms can be measured" in text
    code, text = lab(folder, "run", "--output", str(tmp_path / "results"))
    reason = f"articles is no success on any arm: HTTP {error}{gettempdir()}"
    assert (code, reason in " ".join(text.split())) == (2, True), text
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize(
    ("more", "tables", "message"),
    [
        ("wrong = 1", "", "there is no key 'wrong'"),
        (
            'prepare = ["python manage.py nope"]',
            "",
            "the prepare command 'python manage.py nope' ended with exit code 1",
        ),
        ("", "[[arm]]\nserver = 'apache'\n", "must be one of 'gunicorn-sync'"),
    ],
)
def test_what_cannot_be_used_is_one_line(folder: Path, more: str, tables: str, message: str) -> None:
    text = project_text(folder, more, tables)
    if "prepare" in more:
        text = "\n".join(
            line for line in text.splitlines() if not line.startswith('prepare = ["python manage.py migrate')
        )
    (folder / FILE_NAME).write_text(text)
    code, output = lab(folder, "check", env={"TMPDIR": str(folder.parent)})  # logs that a message names stay there
    assert code == 2
    assert message in output.splitlines()[-1]


def test_settings_that_ignore_the_labs_database_are_refused(folder: Path) -> None:
    text = project_text(folder).replace("override.DATABASES.default = { ENGINE", "override.DATABASES.other = { ENGINE")
    (folder / FILE_NAME).write_text(text)
    code, output = lab(folder, "check")
    assert code == 2
    assert "the project's database 'default' is sqlite3" in output
    assert "not the lab's" in output
    assert not (folder / "db.sqlite3").exists(), "a command has run"


def test_an_arm_whose_variables_lead_to_another_database_is_refused(folder: Path, tmp_path: Path) -> None:
    with (folder / "mysite" / "settings.py").open("a") as settings:
        settings.write('import os\nDATABASES["default"]["NAME"] = os.environ["SITE_DATABASE"]\n')
    other = tmp_path / "other.sqlite3"
    arm = f'[[arm]]\nserver = "gunicorn-sync"\nenv = {{ SITE_DATABASE = "{other}" }}\n'
    lines = project_text(folder, 'env.SITE_DATABASE = "{db.name}"', arm).splitlines()
    (folder / FILE_NAME).write_text("\n".join(line for line in lines if not line.startswith("override.")))
    code, output = lab(folder, "check")
    assert code == 2
    assert f"the project's database 'default' is sqlite3 {other}, not the lab's" in output
    assert not other.exists(), "a server or a command has run"


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder and return what it prints."""
    author = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    run = subprocess.run(["git", "-C", folder, *author, *arguments], check=True, capture_output=True, text=True)
    return run.stdout.strip()


def in_repository(folder: Path, environment: Path) -> Path:
    """Move a project's app below src, as an editable install has it, and commit all as `first`. Return its Python."""
    (folder / "src").mkdir()
    (folder / "blog").rename(folder / "src" / "blog")
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "first")
    git(folder, "tag", "first")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (packages,) = environment.glob("lib/*/site-packages")
    (packages / "editable.pth").write_text(f"{sysconfig.get_path('purelib')}\n{folder / 'src'}\n")
    return environment / "bin" / "python"


def test_a_revision_is_an_arm_and_runs_its_own_files(folder: Path, tmp_path: Path) -> None:
    python, results = in_repository(folder, tmp_path / "env"), tmp_path / "results"
    views = folder / "src" / "blog" / "views.py"
    views.write_text(views.read_text().replace('{"count": Article.objects.count()}', '{"count": -1}'))
    arms = "".join(
        f'[[arm]]\nname = "{name}"\nserver = "gunicorn-sync"\n{more}'
        for name, more in (("now", ""), ("then", 'revision = "first"\n'))
    )
    (folder / FILE_NAME).write_text(project_text(folder, tables=arms).replace(repr(sys.executable), repr(str(python))))
    code, text = lab(folder, "run", "-u", "2", "-r", "2", "-t", "2s", *FAR, "--output", str(results))
    assert code == 0, text
    first = git(folder, "rev-parse", "first")[:10]
    ran = {}
    for name in ("now", "then"):
        result = json.loads((results / "trials" / f"articles-{name}" / "result.json").read_text())
        (times,) = result["probe"]["requests"]
        ran[name] = (result["site"]["versions"]["revision"], times["queries"])
    assert ran == {"now": (f"{first} with uncommitted changes", 0), "then": (f"first ({first})", 1)}
    written = json.loads((results / "experiment.json").read_text())
    assert [arm["commit"] for arm in written["experiment"]["arms"]] == ["", first]
    assert written["project"] == {"git revision": f"{first} with uncommitted changes"}
    report = (results / "report.md").read_text()
    assert f"revision first ({first})" in report
    assert f"project: git revision {first} with uncommitted changes" in report
    assert len(git(folder, "worktree", "list").splitlines()) == 1
    git(folder, "commit", "--quiet", "-a", "-m", "second")
    git(folder, "tag", "--force", "first")
    code, text = lab(folder, "run", "--resume", str(results))
    second = git(folder, "rev-parse", "first")[:10]
    message = f"the revision 'first' was {first} when the run began, and is {second} now; measure anew"
    assert (code, text.splitlines()[-1].endswith(message)) == (2, True), text


def test_a_revision_that_would_run_an_installed_copy_is_refused(folder: Path, tmp_path: Path) -> None:
    python = in_repository(folder, tmp_path / "env")
    (packages,) = (tmp_path / "env").glob("lib/*/site-packages")
    (folder / "mysite").rename(packages / "mysite")
    git(folder, "commit", "--quiet", "-a", "-m", "without settings")
    arm = '[[arm]]\nserver = "gunicorn-sync"\nrevision = "HEAD"\n'
    (folder / FILE_NAME).write_text(project_text(folder, tables=arm).replace(repr(sys.executable), repr(str(python))))
    code, text = lab(folder, "check")
    message = f"with the revision 'HEAD', the project would still import {packages / 'mysite' / 'settings.py'}"
    assert (code, message in text.splitlines()[-1]) == (2, True), text
