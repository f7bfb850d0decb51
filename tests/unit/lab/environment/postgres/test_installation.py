"""Where PostgreSQL is installed."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.postgres.installation import find_installation


def test_the_cache_folder_is_the_users_choice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_CACHE", str(tmp_path / "cache"))
    installation = find_installation()
    assert installation.cache == tmp_path / "cache"
    assert (installation.bin / "postgres").exists()
