"""Sets Django up for the tests of the site, and skips them where the site's packages are not installed."""

from importlib.util import find_spec
from pathlib import Path

import pytest

MISSING = [name for name in ("django", "asyncpg", "psycopg", "psycopg2", "redis", "httpx") if find_spec(name) is None]

if not MISSING:
    import django

    django.setup()


class SkippedModule(pytest.Module):
    """A test module that is not imported."""

    def collect(self) -> list[pytest.Item]:
        """Skip the module, and say how to run it."""
        reason = f"needs {', '.join(MISSING)}: pip install 'locust-asyncdjango[target]'"
        pytest.skip(reason, allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect the modules of this folder as skipped, where packages are missing."""
    return SkippedModule.from_parent(parent, path=module_path) if MISSING else None
