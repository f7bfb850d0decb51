"""The options of a DATABASE_URL reach every driver, on a real database."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import done

REPORT = Path(__file__).parents[1] / "support" / "sites" / "error_report.py"
NO_POST = "00000000-0000-4000-8000-000000000001"
OPTIONS = [
    "",
    "connect_timeout=5&keepalives=1&keepalives_idle=30&tcp_user_timeout=9000",
    "gssencmode=disable&channel_binding=prefer&sslcompression=0&load_balance_hosts=disable",
    "sslmode=disable&application_name=shop&target_session_attrs=any",
]


def responses(database_url: str, options: str, orm_driver: str) -> dict[str, tuple[int, Any]]:
    """Return status and problem of each variant, on each interface, where a post is read that does not exist."""
    url = f"{database_url}{'&' if '?' in database_url else '?'}{options}" if options else database_url
    env = {"DATABASE_URL": url, "TARGET_SITE_ORM_DRIVER": orm_driver}
    code, text = done(sys.executable, REPORT, f"/orm_get/{{}}/?id={NO_POST}", env=env)
    assert code == 0, text
    lines = map(json.loads, text.splitlines())
    return {f"{interface} {variant}": (status, json.loads(body)) for interface, variant, status, body in lines}


@pytest.mark.parametrize("orm_driver", ["psycopg2", "psycopg"])
@pytest.mark.parametrize("options", OPTIONS, ids=lambda options: options or "none")
def test_every_driver_connects(database_url: str, options: str, orm_driver: str) -> None:
    statuses = {variant: status for variant, (status, _) in responses(database_url, options, orm_driver).items()}
    assert statuses == dict.fromkeys(statuses, 404)
    assert len(statuses) == 12


@pytest.mark.parametrize("orm_driver", ["psycopg2", "psycopg"])
def test_every_driver_uses_what_the_url_says(database_url: str, orm_driver: str) -> None:
    problems = responses(database_url, "currentSchema=nowhere", orm_driver)
    sqlstates = {variant: problem.get("sqlstate") for variant, (_, problem) in problems.items()}
    assert sqlstates == dict.fromkeys(sqlstates, "42P01")  # the table is in another schema
