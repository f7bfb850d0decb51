"""Services and sites that tests share. Each process of a test run starts its own when a test first needs them."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment import services
from locust_asyncdjango.lab.environment.databases.templates import filled_template
from locust_asyncdjango.lab.environment.postgres.cluster import find_postgresql
from locust_asyncdjango.lab.environment.postgres.posts import posts_template
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.lab.environment.servers import SERVERS, running_server, site_env
from locust_asyncdjango.metrics.file_lock import exclusive_lock
from locust_asyncdjango.probe.protocol import TOKEN_VARIABLE
from locust_asyncdjango.routes import ROUTES
from tests.support.programs import BIN, running

POSTS = 1000
TOKEN = secrets.token_urlsafe()
"""With it the pages for the lab answer, of the sites that tests share."""


@contextmanager
def site_on(server: str, env: dict[str, str], logs: Path) -> Iterator[str]:
    """Start the bundled site on a server and give its URL. env: variables that name services and set the site."""
    with running_server(SERVERS[server], free_port(), logs, {**site_env(env), TOKEN_VARIABLE: TOKEN}) as served:
        yield served.url


@pytest.fixture(scope="session")
def seeded_template(cache: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Fill a database with POSTS posts once for all processes of a test run, each of which has a cache folder."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    shared = tmp_path_factory.getbasetemp().parent
    server, template = find_postgresql(), posts_template(POSTS)
    folder = template.folder(server)
    assert folder.parent == cache
    with exclusive_lock(shared / "template.lock"):
        if not (shared / folder.name).exists():
            with filled_template(server, template, tmp_path_factory.mktemp("seeding")):
                folder.rename(shared / folder.name)
    folder.symlink_to(shared / folder.name)


@pytest.fixture(scope="session")
def services_env(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Start a database with 1,000 posts and 50 connections, a Redis and the slow API; give their variables."""
    request.getfixturevalue("seeded_template")
    with services.running_services(ROUTES, POSTS, 50, tmp_path_factory.mktemp("services")) as env:
        yield env


@pytest.fixture(scope="session")
def database_url(services_env: dict[str, str]) -> str:
    """Return the URL of the database of services_env."""
    return services_env["DATABASE_URL"]


@pytest.fixture(scope="session")
def wsgi_url(services_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the bundled site on WSGI and give its URL."""
    with site_on("gunicorn-sync", services_env, tmp_path_factory.mktemp("wsgi")) as url:
        yield url


@pytest.fixture(scope="session")
def asgi_url(services_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Start the bundled site on ASGI and give its URL."""
    with site_on("gunicorn-uvicorn", services_env, tmp_path_factory.mktemp("asgi")) as url:
        yield url


@pytest.fixture(scope="session")
def other_url() -> Iterator[str]:
    """Start a Django site that is not ours and give its URL."""
    port = free_port()
    site = Path(__file__).with_name("sites") / "other_site.py"
    with running(BIN / "gunicorn", f"--bind=127.0.0.1:{port}", "--threads=8", "other_site", cwd=site.parent) as program:
        program.wait_for("Booting worker")
        yield f"http://127.0.0.1:{port}"
