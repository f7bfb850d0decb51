"""What a trial makes of the files that Locust leaves."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.pinning import Pins
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.spec import Trial
from locust_asyncdjango.lab.measure.trial import read_complete_series, running_site, url_for_users
from locust_asyncdjango.metrics.row import Row
from locust_asyncdjango.metrics.series_file import header, json_line
from locust_asyncdjango.probe.protocol import TOKEN_VARIABLE
from tests.support.http_site import http_site

TRIAL = Trial("cpu", "mine", 1000, 100)


def test_without_latency_users_reach_the_site_itself(tmp_path: Path) -> None:
    with url_for_users("http://x", 0, tmp_path / "log") as url:
        assert url == "http://x"


@pytest.mark.parametrize("token", ["", "t0ken"])
def test_a_server_that_runs_already_is_used_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    with http_site({}) as site, running_site(TRIAL, Server("mine", "wsgi", url=site.url), Pins(), tmp_path) as running:
        assert running == (Site(site.url, token), None)
        assert "t0ken" not in repr(running)


def test_a_server_that_does_not_answer_is_named_with_its_address(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    site = running_site(TRIAL, Server("mine", "wsgi", url=url), Pins(), tmp_path)
    with pytest.raises(TrialError) as refused, site:
        pass
    assert str(refused.value) == f"mine does not respond at {url}; start it, or correct its url"


def test_a_run_without_a_series_is_no_trial(tmp_path: Path) -> None:
    with pytest.raises(TrialError, match=r"^Locust left no series: "):
        read_complete_series(tmp_path / "series.jsonl")


def series_of(path: Path, run_time: int | None, last_s: int) -> Path:
    """Return the path of a series with a row in each second up to the last."""
    rows = (json_line(Row(t).to_json()) for t in range(last_s + 1))
    path.write_text(json_line(header(run_time=run_time)) + "".join(rows))
    return path


@pytest.mark.parametrize("run_time", [None, 10, 15])
def test_a_series_may_lack_the_last_seconds_of_a_run(run_time: int | None, tmp_path: Path) -> None:
    series = read_complete_series(series_of(tmp_path / "series.jsonl", run_time, last_s=9))
    assert series.total.t == 9


def test_a_run_that_went_on_without_being_recorded_is_no_trial(tmp_path: Path) -> None:
    with pytest.raises(TrialError) as refused:
        read_complete_series(series_of(tmp_path / "series.jsonl", 60, last_s=9))
    assert str(refused.value) == "only 10 of 60 s were recorded; check that the disk is not full"
