"""The tables of arms: what is said of one that cannot be used."""

from pathlib import Path

import pytest

from tests.support.project_files import VIEW, project_of, refusal_of

REFUSED = [
    (VIEW + "[[arm]]", "[[arm]] number 1: the key 'server' is missing"),
    (VIEW + "[[arm]]\nserver = 'apache'", "[[arm]] number 1 server must be one of 'gunicorn-sync', "),
    (VIEW + "[[arm]]\nserver = 'uvicorn'\nworkers = 0", "[[arm]] number 1 workers must be a whole number from 1 to 64"),
    (VIEW + "[[arm]]\nserver = 'uvicorn'\nthreads = 2", "[[arm]] number 1: uvicorn has no threads that can be set;"),
    (VIEW + "[[arm]]\nserver = 'waitress'\nworkers = 2", "[[arm]] number 1: waitress has one process; leave the key"),
    (
        VIEW + "[[arm]]\nserver = 'uvicorn'\nvariant = 'async'",
        "[[arm]] number 1: no view has the variant 'async'; no view has async_path or {variant} in its path",
    ),
    (
        VIEW + "async_path = '/b/'\n[[arm]]\nname = 'a'\nserver = 'uvicorn'\nvariant = 'raw'",
        "[[arm]] 'a': no view has the variant 'raw'; choose from sync, async",
    ),
    (VIEW + "[[arm]]\nserver = 'uvicorn'\nrevision = '-x'", "[[arm]] number 1 revision must be a git revision"),
    (VIEW + "[[arm]]\nserver = 'uvicorn'\nsetup = 'x'", "[[arm]] number 1: setup makes the environment of a revision,"),
    (
        VIEW + "[[arm]]\nserver = 'uvicorn'\n" * 2,
        "[[arm]] number 2: there are two arms 'uvicorn'; give each a name of its own",
    ),
    (
        VIEW + "[[arm]]\nserver = 'uvicorn'\nenv = { A = '{process.api.url}' }",
        "[[arm]] 'uvicorn' env: {process.api.url} names no process, as the file has no [[process]]",
    ),
]


@pytest.mark.parametrize(("tables", "message"), REFUSED, ids=[tables for tables, _ in REFUSED])
def test_an_arm_that_cannot_be_used(tmp_path: Path, tables: str, message: str) -> None:
    assert refusal_of(tmp_path, tables).startswith(message)


def test_the_name_of_an_arm_has_the_threads_that_it_sets(tmp_path: Path) -> None:
    arms = "".join(
        f"[[arm]]\nserver = {each}\n" for each in ("'gunicorn-100-threads'\nthreads = 4", "'uwsgi-2-threads'")
    )
    assert [arm.name for arm in project_of(tmp_path, tables=VIEW + arms).arms] == [
        "gunicorn-4-threads",
        "uwsgi-2-threads",
    ]
