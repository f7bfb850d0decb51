"""The bundled site, as trials measure it."""

from pathlib import Path

import pytest

from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.pinning import Pins
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure.sites.bundled import BundledSite
from locust_asyncdjango.lab.measure.sites.measured_site import RunningSite, Users
from locust_asyncdjango.probe.protocol import TOKEN_VARIABLE
from tests.support.http_site import http_site

TRIAL = Trial("cpu", "mine", 1000, 100, variant="sync")


@pytest.mark.parametrize("token", ["", "t0ken"])
def test_a_server_that_runs_already_is_used_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    with (
        http_site({}) as site,
        BundledSite().running(TRIAL, Server("mine", "wsgi", url=site.url), Pins(), tmp_path) as running,
    ):
        assert running == RunningSite(
            Site(site.url, token),
            None,
            Users(locustfile("cpu"), ("--variant", "sync"), {TOKEN_VARIABLE: token} if token else {}),
        )
        assert "t0ken" not in repr(running)


def test_a_server_that_does_not_answer_is_named_with_its_address(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    site = BundledSite().running(TRIAL, Server("mine", "wsgi", url=url), Pins(), tmp_path)
    with pytest.raises(TrialError) as refused, site:
        pass
    assert str(refused.value) == f"mine does not respond at {url}; start it, or correct its url"


def test_a_route_is_requested_by_its_path_and_its_variant() -> None:
    with http_site({"/healthz": (200, b""), "/cpu/sync/": (200, b"")}) as site:
        send, send_idle = BundledSite().requests(TRIAL, Server("mine", "wsgi"), Site(site.url))
        send()
        send_idle()
    assert [path for _, path, _ in site.requests] == ["/cpu/sync/", "/healthz"]
