"""What tests share: a cache of their own, a database, and sites that answer."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Locust patches the process with gevent when it is imported. The tests are plain programs: only the processes that they
# start are to be patched.
os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
import locust  # noqa: F401

del os.environ["LOCUST_SKIP_MONKEY_PATCH"]
os.environ["DJANGO_SETTINGS_MODULE"] = "target_site.settings"

from locust_asyncdjango.lab.environment import services
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.lab.environment.servers import SERVERS, serving, site_env
from locust_asyncdjango.routes import ROUTES
from tests.support.programs import BIN, running

# A shell starts what it runs in the background with SIGINT ignored, which programs that the tests start would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Of what takes long, nothing fails: the machine may be busy.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")

POSTS = 1000


@pytest.fixture(scope="session", autouse=True)
def cache() -> Iterator[Path]:
    """A cache folder that is removed at the end. As root, PostgreSQL's account must be able to enter it."""
    folder = Path(tempfile.mkdtemp(prefix="locust-asyncdjango-tests-"))
    folder.chmod(0o755)
    os.environ["LOCUST_ASYNCDJANGO_CACHE"] = str(folder)
    yield folder
    del os.environ["LOCUST_ASYNCDJANGO_CACHE"]
    assert list((folder / "runs").glob("*/")) == [], "a run left its folder behind"
    shutil.rmtree(folder)


@contextmanager
def site_on(server: str, env: dict[str, str], logs: Path) -> Iterator[str]:
    """The URL of the target site on a server. env: what names its services, and factors."""
    with serving(SERVERS[server], free_port(), logs, site_env(env)) as served:
        yield served.url


@pytest.fixture(scope="session")
def services_env(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A database with 1,000 posts that takes 50 connections, a Redis, and the slow API."""
    with services.started(ROUTES, POSTS, 50, tmp_path_factory.mktemp("services")) as env:
        yield env


@pytest.fixture(scope="session")
def database_url(services_env: dict[str, str]) -> str:
    """The database of services_env."""
    return services_env["DATABASE_URL"]


@pytest.fixture(scope="session")
def wsgi_url(services_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The target site on WSGI."""
    with site_on("gunicorn-sync", services_env, tmp_path_factory.mktemp("wsgi")) as url:
        yield url


@pytest.fixture(scope="session")
def asgi_url(services_env: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The target site on ASGI."""
    with site_on("gunicorn-uvicorn", services_env, tmp_path_factory.mktemp("asgi")) as url:
        yield url


@pytest.fixture(scope="session")
def other_url() -> Iterator[str]:
    """A Django site that is not ours."""
    port = free_port()
    site = Path(__file__).with_name("support") / "sites" / "other_site.py"
    with running(BIN / "gunicorn", f"--bind=127.0.0.1:{port}", "--threads=8", "other_site", cwd=site.parent) as program:
        program.wait_for("Booting worker")
        yield f"http://127.0.0.1:{port}"
