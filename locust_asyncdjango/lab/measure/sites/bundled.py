"""The bundled site, as trials measure it: its routes and services, on a server of the table or of the user's own."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from locust_asyncdjango.lab.environment import services
from locust_asyncdjango.lab.environment.http_client import Site, get, post, responds
from locust_asyncdjango.lab.environment.packages import locustfile
from locust_asyncdjango.lab.environment.pinning import Pins, pinned_to
from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.lab.environment.servers import Server, running_server, server_env, user_token
from locust_asyncdjango.lab.errors import TrialError, during_set_up
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.lab.experiment.trial import Trial
from locust_asyncdjango.lab.measure import preflight
from locust_asyncdjango.lab.measure.locust_process import check_load
from locust_asyncdjango.lab.measure.sites.measured_site import Requests, RunningSite, Users
from locust_asyncdjango.probe.protocol import TOKEN_VARIABLE
from locust_asyncdjango.routes import FORM, ROUTES

RESPONSE_TIMEOUT_S = 60


class BundledSite:
    """The bundled site. It follows ``MeasuredSite``."""

    def check_load(self, experiment: Experiment, logs: Path) -> None:
        """Let Locust check the load of the first route."""
        check_load(Users(locustfile(experiment.routes[0])), experiment.load, logs)

    def provenance(self) -> dict[str, str]:
        """Return nothing: the versions of the lab's packages say what the bundled site is."""
        return {}

    def hide_secrets(self, text: str) -> str:
        """Return the text: what has the form of a secret is hidden already, and the site has no others."""
        return text

    @during_set_up()
    def prepare(self, experiment: Experiment, logs: Path) -> None:
        """Check the user's token, and seed the database."""
        user_token()  # refused before the first trial where it cannot be used
        if not all(server.url for server in experiment.used_servers):
            with_latency = any(experiment.latencies_ms)
            services.prepare(experiment.routes, experiment.posts, logs, with_latency=with_latency)

    @contextmanager
    def running(self, trial: Trial, server: Server, pins: Pins, folder: Path) -> Iterator[RunningSite]:
        """Start the services that the trial's route needs, and the site on its server."""
        if server.url:
            if not responds(server.url):
                raise TrialError(f"{server.name} does not respond at {server.url}; start it, or correct its url")
            token = user_token()
            yield RunningSite(Site(server.url, token), None, _users(trial, token))
            return
        with ExitStack() as stack:
            with pinned_to(pins.services):
                needed = services.running_services(
                    [trial.route], trial.posts, trial.max_connections, folder, trial.latency_ms
                )
                env = stack.enter_context(needed)
            with pinned_to(pins.server):
                starting = running_server(server, free_port(), folder, server_env(server, env), trial.workers)
                served = stack.enter_context(starting)
            yield RunningSite(Site(served.url, served.token), served.program, _users(trial, served.token))

    def inspect(self, trial: Trial, server: Server, running: RunningSite) -> dict[str, Any]:
        """Return what the site reports, compared with the trial and with the lab's environment."""
        return preflight.inspect_server(trial, server, running.site, os.environ)

    def requests(self, trial: Trial, _server: Server, site: Site) -> Requests:
        """Return a request to the trial's route and variant, and one to /healthz."""
        route = ROUTES[trial.route]
        address = f"{site.url}{route.path}{trial.variant}{'/' if trial.variant else ''}"
        healthz = partial(get, f"{site.url}/healthz", RESPONSE_TIMEOUT_S)
        if route.method == "GET":
            return partial(get, address, RESPONSE_TIMEOUT_S), healthz
        return partial(post, address, urlencode(FORM).encode(), RESPONSE_TIMEOUT_S), healthz


def _users(trial: Trial, token: str) -> Users:
    """Return the users of a trial's route. token: by which the probe knows their requests; "" for none."""
    variant = ("--variant", trial.variant) if trial.variant else ()
    return Users(locustfile(trial.route), variant, {TOKEN_VARIABLE: token} if token else {})
