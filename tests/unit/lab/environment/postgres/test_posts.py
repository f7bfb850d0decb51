"""The database of the bundled site."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.postgres.posts import must_seed_template


def test_the_users_own_database_needs_no_template(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_CACHE", str(tmp_path))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert must_seed_template(7)
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1/x")
    assert not must_seed_template(7)
