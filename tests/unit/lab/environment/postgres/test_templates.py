"""Templates, which are filled once."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.postgres.installation import PG_VERSION, Installation
from locust_asyncdjango.lab.environment.postgres.templates import Template, check_disk_space
from locust_asyncdjango.lab.errors import UsageError


def test_a_database_needs_room(tmp_path: Path) -> None:
    check_disk_space(tmp_path, 1)
    with pytest.raises(UsageError, match=r"not enough disk: the database needs 1048576\.0 GB in .*; set LOCUST_ASYNCD"):
        check_disk_space(tmp_path, 2**50)


def fail(_url: str, _logs: Path) -> None:
    raise AssertionError("nothing is filled here")


def test_a_new_template_replaces_those_of_its_family(tmp_path: Path) -> None:
    installation = Installation(tmp_path, tmp_path, None)
    new = Template("posts-10", "key2", fail)
    for name in ("posts-10-key1", "posts-10-key2", "posts-100-key1", "project-key1"):
        (tmp_path / f"postgresql-{PG_VERSION}-{name}").mkdir()
    new.remove_others(installation)
    assert {folder.name for folder in tmp_path.iterdir()} == {
        f"postgresql-{PG_VERSION}-{name}" for name in ("posts-10-key2", "posts-100-key1", "project-key1")
    }
    assert new.folder(installation) == tmp_path / f"postgresql-{PG_VERSION}-posts-10-key2"
