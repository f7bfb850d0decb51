"""docs/routes-in-your-project.md, followed step by step in a project that Django's startproject has made."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.routes import ROUTES
from tests.support.loads import load_until
from tests.support.programs import (
    BIN,
    done,
    running,
    wait_for_page,
)
from tests.support.site_client import fetch, variants_of

DOCUMENT = (Path(__file__).parents[2] / "docs" / "routes-in-your-project.md").read_text()


def lines_for(file: str) -> str:
    """Return the lines that the document says to add to a file."""
    block = re.search(rf"^```python\n# {re.escape(file)}\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert block is not None
    return block[1]


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=pytest.mark.xdist_group(f"own project, {name}")) for name in ("wsgi", "asgi")],
)
def url(
    request: pytest.FixtureRequest, services_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """Start the project on a server, and yield its address."""
    folder = tmp_path_factory.mktemp("own")
    assert done(BIN / "django-admin", "startproject", "mysite", folder)[0] == 0
    for name in ("settings.py", "urls.py", "asgi.py"):
        with (folder / "mysite" / name).open("a") as file:
            file.write("\n" + lines_for(f"mysite/{name}"))
    env = {**services_env, "TARGET_SITE_INTERFACE": request.param, "DJANGO_SETTINGS_MODULE": "mysite.settings"}
    code, text = done(sys.executable, "manage.py", "seed_posts", "--posts", "1000", env=env, cwd=folder)
    assert code == 0, text
    port = free_port()
    asgi = ["--worker-class=uvicorn_worker.UvicornWorker", "mysite.asgi"]
    arguments = asgi if request.param == "asgi" else ["mysite.wsgi"]
    with running(BIN / "gunicorn", f"--bind=127.0.0.1:{port}", *arguments, env=env, cwd=folder):
        wait_for_page(f"http://127.0.0.1:{port}/bench/healthz")
        yield f"http://127.0.0.1:{port}"


def test_every_variant_answers_there(url: str) -> None:
    site = fetch(f"{url}/bench/routes.json")[2]
    assert {route["path"] for route in site["routes"]} == {f"/bench{route.path}" for route in ROUTES.values()}
    for route in ROUTES.values():
        form = {"title": "t", "content": "c"} if route.method == "POST" else None
        for variant in ("", *(f"{name}/" for name in variants_of(route))):
            assert fetch(f"{url}/bench{route.path}{variant}?ms=10&n=10", form)[0] == route.expected_status


def test_the_projects_own_views_keep_their_errors_named(url: str) -> None:
    assert fetch(f"{url}/bench/orm_get/?id=x")[1] == "application/problem+json"
    assert fetch(f"{url}/admin/login/")[:2] == (200, "text/html")


def test_the_examples_load_it(url: str, tmp_path: Path) -> None:
    flags = ("-f", locustfile("orm_get"), "--shape", "RampTo500", "--path", "/bench/orm_get/", "-H", url)
    load = load_until(lambda series: series.total.ok > 0, tmp_path / "series.jsonl", *flags)
    assert load.code == 0, load.text
    assert "/bench/orm_get/" in load.text
