"""``list``."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab import cli
from locust_asyncdjango.routes import ROUTES


def test_list_shows_locustfiles_that_exist(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    routes = [row for row in lines[1 : lines.index(["servers"])] if not row[0].endswith(":")]
    assert [row[:2] for row in routes] == [[route.name, route.method] for route in ROUTES.values()]
    assert all(Path(row[2]).is_file() for row in routes)
    assert ["async:", "async,", "sync_to_async,", "psycopg_async,", "asyncpg"] in lines
