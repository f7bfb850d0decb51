"""Templates, which are filled once."""

import re
from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.databases.home import Home
from locust_asyncdjango.lab.environment.databases.templates import (
    Template,
    check_disk_space,
    copy_cluster,
    filled_template,
)
from locust_asyncdjango.lab.environment.postgres.cluster import PostgreSQL
from locust_asyncdjango.lab.environment.postgres.installation import PG_VERSION, Installation
from locust_asyncdjango.lab.errors import TrialError, UsageError


def test_a_database_needs_room(tmp_path: Path) -> None:
    check_disk_space(tmp_path, 1)
    with pytest.raises(UsageError, match=r"not enough disk: the database needs 1048576\.0 GB in .*; set LOCUST_ASYNCD"):
        check_disk_space(tmp_path, 2**50)


def fail(_url: str, _logs: Path) -> None:
    raise AssertionError("nothing is filled here")


def test_a_new_template_replaces_those_of_its_family(tmp_path: Path) -> None:
    server = PostgreSQL(Installation(tmp_path, None, tmp_path))
    new = Template("posts-10", "key2", fail)
    for name in ("posts-10-key1", "posts-10-key2", "posts-100-key1", "project-key1"):
        (tmp_path / f"postgresql-{PG_VERSION}-{name}").mkdir()
    new.remove_others(server)
    assert {folder.name for folder in tmp_path.iterdir()} == {
        f"postgresql-{PG_VERSION}-{name}" for name in ("posts-10-key2", "posts-100-key1", "project-key1")
    }
    assert new.folder(server) == tmp_path / f"postgresql-{PG_VERSION}-posts-10-key2"


def test_a_template_that_another_lab_copies_from_stays(tmp_path: Path) -> None:
    server = PostgreSQL(Installation(tmp_path, None, tmp_path))
    used = Template("project-1", "key1", fail)
    used.folder(server).mkdir()
    with filled_template(server, used, tmp_path) as folder:
        Template("project-1", "key2", fail).remove_others(server)
        assert folder.exists()
    Template("project-1", "key2", fail).remove_others(server)
    assert not folder.exists()


def test_a_copy_that_fails_is_one_line_however_many_files_there_are(tmp_path: Path) -> None:
    template = tmp_path / "template"
    template.mkdir()
    for n in range(200):
        (template / f"link{n}").symlink_to("nowhere")
    with pytest.raises(TrialError) as error:
        copy_cluster(Home(tmp_path, None), template, tmp_path / "cluster")
    assert re.fullmatch(
        rf"the database cannot be copied: \[Errno 2\] No such file or directory: '{template}/link\d+'; see that the"
        rf" disk of {tmp_path} has room and can be written, or set LOCUST_ASYNCDJANGO_CACHE to another folder",
        str(error.value),
    )
