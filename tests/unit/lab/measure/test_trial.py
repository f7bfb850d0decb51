"""A trial: what stands between users and site."""

from pathlib import Path

from locust_asyncdjango.lab.measure.trial import url_for_users


def test_without_latency_users_reach_the_site_itself(tmp_path: Path) -> None:
    with url_for_users("http://x", 0, tmp_path / "log") as url:
        assert url == "http://x"
