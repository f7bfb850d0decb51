"""What sites said that they run."""

from dataclasses import replace
from typing import Any

import pytest

from locust_asyncdjango.lab.analysis.sites import SiteReport, site_reports, site_versions, versions_of_sites
from locust_asyncdjango.lab.experiment.result import NO_PREFLIGHT
from tests.support.experiments import ASYNC, BROKEN, SYNC


def on_django(version: str) -> dict[str, Any]:
    """Return the record of a preflight."""
    return {"server": "waitress", "server_version": "3.0", "versions": {"django": version}}


def test_each_server_has_a_report_and_another_one_if_it_changed() -> None:
    before, after, unchecked = (
        replace(SYNC, site=on_django("5.2")),
        replace(SYNC, site=on_django("6.0")),
        replace(ASYNC, site={"preflight": "nothing could be checked, by an earlier version"}),
    )
    reports = site_reports([before, before, unchecked, after, replace(ASYNC, site={}), BROKEN])
    assert reports == [
        SiteReport("gunicorn-sync", {"waitress": "3.0", "django": "5.2"}),
        SiteReport("gunicorn-uvicorn", {}, "nothing could be checked, by an earlier version"),
        SiteReport("gunicorn-sync", {"waitress": "3.0", "django": "6.0"}),
        SiteReport("gunicorn-uvicorn", {}, NO_PREFLIGHT),
    ]
    assert reports[0].sentence == "gunicorn-sync: waitress 3.0, django 5.2"
    assert reports[1].sentence == "gunicorn-uvicorn: nothing could be checked, by an earlier version"
    assert versions_of_sites([before, unchecked, after]) == {
        "the site's waitress": "3.0",
        "the site's django": "5.2, 6.0",
    }


@pytest.mark.parametrize(
    ("site", "versions"),
    [
        ({}, {}),
        ({"versions": None}, {}),
        ({"versions": {"django": "5.2"}, "settings": [], "database": "x"}, {"django": "5.2"}),
        ({"versions": {"django": 5}, "server_version": ""}, {"django": "5"}),
        ({"versions": {}, "server": "", "server_version": "3.0"}, {"server": "3.0"}),
        ({"versions": {}, "settings": {"orm_driver": "psycopg"}}, {"ORM driver": "psycopg"}),
        ({"versions": {}, "database": {"server_version": "18.0"}}, {"PostgreSQL": "18.0"}),
        (
            {
                "versions": {},
                "database": {"vendor": "mysql", "server_version": "10.11.6-MariaDB", "is_encrypted": False},
            },
            {"MariaDB": "10.11.6-MariaDB", "database TLS": "off"},
        ),
        (
            {"versions": {}, "database": {"vendor": "mysql", "server_version": "8.4.3", "is_encrypted": True}},
            {"MySQL": "8.4.3", "database TLS": "on"},
        ),
    ],
)
def test_a_record_of_any_version_or_server_can_be_read(site: dict[str, Any], versions: dict[str, str]) -> None:
    assert site_versions(site) == versions
