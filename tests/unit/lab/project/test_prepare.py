"""What the key of a prepared database follows from."""

import os
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.measure.sites.project_services import prepared_database
from locust_asyncdjango.lab.project.prepare import Preparation, input_files
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.routes import View


def project_in(root: Path) -> Project:
    """Return a project with two apps, an environment and commands that name files in several ways."""
    for name in (
        "blog/migrations/0001_initial.py",
        "blog/management/commands/seed.py",
        "blog/management/commands/other.py",
        "blog/fixtures/demo.json",
        "blog/views.py",
        "scripts/fill.py",
        "data/a.csv",
        "tools/load.py",
        "venv/pyvenv.cfg",
        "venv/lib/app/migrations/0001_initial.py",
        ".tox/migrations/0001_initial.py",
        "node_modules/fixtures/a.json",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("")
    return Project(
        root / "asyncdjango.toml",
        root,
        Path("python"),
        "mysite.settings",
        prepare=(
            "python manage.py seed --rows 5",
            "sh -c 'python scripts/fill.py < data'",
            "python -m tools.load ../outside",
        ),
        env={"A": "{db.url}"},
        views=(View("home", "/"),),
    )


def test_the_files_that_commands_read(tmp_path: Path) -> None:
    assert input_files(project_in(tmp_path)) == [
        "blog/fixtures/demo.json",
        "blog/management/commands/seed.py",
        "blog/migrations/0001_initial.py",
        "data/a.csv",
        "scripts/fill.py",
        "tools/load.py",
    ]


def test_the_key_changes_with_what_the_content_follows_from(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    preparation = Preparation(project, tmp_path, tmp_path, {"app": {"0001_initial": "ab"}}, {"redis.port": "1"})

    def key(**changes: object) -> str:
        return replace(preparation, project=replace(project, **changes)).key  # type: ignore[arg-type]

    first = preparation.key
    assert {
        key(arms=()),
        key(views=()),
        replace(preparation, services={"redis.port": "2"}, cache=tmp_path / "x").key,
    } == {first}
    keys = [
        key(prepare=project.prepare[:1]),
        key(env={"A": "{db.url}", "B": ""}),
        key(override={"DEBUG": False}),
        key(database="sqlite"),
        key(collect_static=True),
        replace(preparation, migrations={"app": {"0001_initial": "cd"}}).key,
    ]
    (tmp_path / "blog/fixtures/demo.json").write_text("[]")
    assert preparation.key == first  # a run goes on with what it has prepared
    keys.append(key())
    (tmp_path / "blog/views.py").write_text("# another view")
    assert key() == keys[-1]
    assert len({first, *keys}) == len(keys) + 1


def test_a_secret_does_not_count(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    keys = {
        Preparation(replace(project, env={"SECRET_KEY": value}), tmp_path, tmp_path).key for value in ("one", "other")
    }
    assert len(keys) == 1


def test_families_differ_by_file_and_revision(tmp_path: Path) -> None:
    project = project_in(tmp_path)
    moved = replace(project, root=tmp_path / "worktree")
    os.makedirs(moved.root)  # noqa: PTH103
    first = Preparation(project, tmp_path, tmp_path).family
    assert first == Preparation(moved, tmp_path, tmp_path).family
    assert first != Preparation(moved, tmp_path, tmp_path, revision="main").family


def test_a_line_says_whether_the_commands_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = replace(project_in(tmp_path), database="sqlite", env={}, python=Path(sys.executable))
    project = replace(project, prepare=("python -c pass",), settings="")
    (tmp_path / "cache").mkdir()
    first = Preparation(project, tmp_path / "cache", tmp_path)
    changed = Preparation(replace(project, env={"A": "1"}), tmp_path / "cache", tmp_path)

    def announced(preparation: Preparation) -> list[str]:
        with prepared_database(preparation, tmp_path):
            return capsys.readouterr().err.splitlines()

    command = "prepare: python -c pass"
    assert announced(first) == ["prepare: the commands fill a new database, which is kept", command]
    made = r"what the commands made on \d{4}-\d\d-\d\d \d\d:\d\d"
    (again,) = announced(first)
    assert re.fullmatch(rf"prepare: {made} is used again; --prepare-again makes it anew", again)
    reason = "the commands run again, as they, the files that they read, or the settings have changed"
    assert announced(changed) == [f"prepare: {reason}", command]
    revision = replace(changed, revision="main", project=replace(project, prepare=()))
    assert announced(revision) == []
    own = replace(changed, revision="v2", project=replace(project, database="own"))
    own.announce()
    assert capsys.readouterr().err == "prepare of v2: the commands run each time, as the database is your own\n"


def test_what_a_run_copies_from_is_not_removed_by_another_run(tmp_path: Path) -> None:
    project = replace(project_in(tmp_path), database="sqlite", prepare=())
    used = Preparation(project, tmp_path / "cache", tmp_path)
    other = Preparation(replace(project, env={"A": "another"}), tmp_path / "cache", tmp_path)
    used.cache.mkdir()
    with used.held():
        for preparation in (used, other):
            with preparation.sqlite_copy(tmp_path):
                assert preparation.is_kept()
        assert used.is_kept()
        with pytest.raises(UsageError, match=r"^\S+: another run of the lab uses what the commands made before; wait"):
            used.forget()
        assert used.is_kept()
    other.forget()
    with other.sqlite_copy(tmp_path):
        assert (used.is_kept(), other.is_kept()) == (False, True)
