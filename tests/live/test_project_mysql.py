"""A project on MariaDB: what `init`, `check` and `run` make of it, and that no server outlives a lab that is killed."""

import json
import re
import signal
import sys
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.databases.home import find_home, scratch_folder
from locust_asyncdjango.lab.project.project_file import FILE_NAME
from tests.support.debian import program
from tests.support.django_projects import make_project
from tests.support.programs import done, running, wait_for, wait_for_lines

LAB = (sys.executable, "-P", "-m", "locust_asyncdjango.lab.cli")
DEADLINE_S = 600
SETTINGS = """
import pymysql
pymysql.version_info = (2, 2, 8, "final", 0)
pymysql.install_as_MySQLdb()
DATABASES = {"default": {
    "ENGINE": "django.db.backends.mysql",
    "HOST": "db.example.com",
    "NAME": "shop",
    "USER": "ada",
    "OPTIONS": {"ssl": {"ca": "/etc/ssl/certs/ca-certificates.crt"}, "charset": "utf8mb4"},
}}
TIME_ZONE = "Europe/Rome"
"""
VIEW = """
from django.db.models import DateTimeField, Value
from django.db.models.functions import TruncDay, Cast
from django.http import JsonResponse
from django.utils import timezone
from blog.models import Article

def days():  # which MariaDB needs the names of time zones for
    day = TruncDay(Cast(Value(timezone.now()), DateTimeField()))
    return Article.objects.annotate(day=day).values_list("day", flat=True)[:1]

def articles(request):
    return JsonResponse({"days": len(list(days())), "count": Article.objects.count()})

async def async_articles(request):
    return JsonResponse({"days": len([day async for day in days()]), "count": await Article.objects.acount()})

article = articles
"""
ARMS = """
[[arm]]
name = "sync"
server = "gunicorn-sync"
workers = 2

[[arm]]
name = "async"
server = "gunicorn-uvicorn"
max_connections = 10
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a project whose file `init` has written, with rows and two arms."""
    program("mariadbd", "mariadb-server-core", "mariadb-client")
    site = make_project(tmp_path_factory.mktemp("site"), SETTINGS)
    (site / "blog" / "views.py").write_text(VIEW)
    code, text = done(*LAB, "init", "--python", sys.executable, cwd=site, deadline_s=DEADLINE_S)
    assert code == 0, text
    assert "[project.override] puts the lab's mysql there" in text
    file = site / FILE_NAME
    migrate = '"python manage.py migrate --noinput",'
    written = file.read_text().replace(migrate, f'{migrate} "python manage.py seed 7",')
    file.write_text(f"{written}{ARMS}")
    return site


def test_a_project_is_measured_on_mariadb(folder: Path, tmp_path: Path) -> None:
    code, text = done(*LAB, "check", cwd=folder, deadline_s=DEADLINE_S)
    assert code == 0, text
    assert "\nall 2 arms can be measured\n" in text
    results = tmp_path / "results"
    load = ("-u", "16", "-r", "16", "-t", "12s", "--latency-ms", "20", "--output", str(results))
    code, text = done(*LAB, "run", *load, cwd=folder, deadline_s=DEADLINE_S)
    assert code == 0, text
    written = [json.loads(path.read_text()) for path in results.glob("trials/*/result.json")]
    trials = {each["trial"]["name"]: each for each in written}
    assert {name: [each["kind"] for each in trial["figures"]["failures"]] for name, trial in trials.items()} == {
        "sync": [],
        "async": ["db_too_many_clients"],
    }
    for name, limit in {"sync": 100, "async": 10}.items():
        database, usage = trials[name]["site"]["database"], trials[name]["peak_usage"]
        known = database["vendor"], database["max_connections"], database["is_encrypted"]
        assert known == ("mysql", limit, False)
        assert database["round_trip_ms"] >= 20
        assert usage["connections"] > 0
    assert "database TLS off" in (results / "report.md").read_text()


def test_a_server_does_not_outlive_a_lab_that_is_killed(folder: Path, tmp_path: Path) -> None:
    results = tmp_path / "results"
    with running(*LAB, "run", "-u", "2", "-r", "2", "-t", "60s", "--output", str(results), cwd=folder) as lab:
        series = next(iter(wait_for(lambda: list(results.glob("trials/*/series.jsonl")), lambda: lab.text)))
        wait_for_lines(lab, series, 1)
        (data,) = filter(None, (re.search(r"mariadbd .*--datadir=(\S+)", command) for command in lab.left_behind()))
        lab.signal(signal.SIGKILL)
        lab.end()
        wait_for(lambda: not lab.left_behind(), lambda: f"still running: {lab.left_behind()}")
    assert Path(data[1]).exists()
    with scratch_folder(find_home().cache / "runs"):  # which removes the folder of the killed one
        assert not Path(data[1]).exists()
