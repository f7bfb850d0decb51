"""What keeps a database from being made."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment import postgres
from locust_asyncdjango.lab.errors import UsageError


def test_seeding_needs_room(tmp_path: Path) -> None:
    postgres.check_disk_space(tmp_path, 1)
    with pytest.raises(UsageError, match=r"not enough disk: seeding needs 1048576\.0 GB in .*; choose fewer --posts"):
        postgres.check_disk_space(tmp_path, 2**50)


def test_a_cache_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_CACHE", "/dev/null/x")
    with pytest.raises(UsageError, match=r"the cache folder /dev/null/x cannot be written \(Not a directory\); set"):
        postgres.find_installation()
