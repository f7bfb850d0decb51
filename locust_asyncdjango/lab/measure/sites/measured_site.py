"""What a trial needs of the site that it measures. Start reading at ``MeasuredSite``."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from locust_asyncdjango.lab.environment.http_client import Site
from locust_asyncdjango.lab.environment.pinning import Pins
from locust_asyncdjango.lab.environment.process import Program
from locust_asyncdjango.lab.environment.servers import Server
from locust_asyncdjango.lab.experiment.spec import Experiment
from locust_asyncdjango.lab.experiment.trial import Trial

Requests = tuple[Callable[[], object], Callable[[], object]]
"""A function that sends one request of a trial, and one that sends a request without any work. Both raise OSError where
the request fails."""


@dataclass(frozen=True, slots=True)
class Users:
    """The users that load a site, as Locust gets them.

    locustfile: its path. arguments: of Locust's command line. env: more environment variables for Locust.
    folder: Locust's working directory.
    """

    locustfile: Path
    arguments: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    folder: Path = Path("/")


@dataclass(frozen=True, slots=True)
class RunningSite:
    """A site that runs on its server.

    site: its address and token. program: its server; None for one of the user's own that runs already.
    users: what loads it. page: what the probe reported when the server started; empty where nobody asked it.
    """

    site: Site
    program: Program | None
    users: Users
    page: Mapping[str, Any] = field(default_factory=dict)


class MeasuredSite(Protocol):
    """What an experiment measures."""

    def check_load(self, experiment: Experiment, logs: Path) -> None:
        """Let Locust check the load, without sending a request. Raise UsageError where it is refused.

        logs: the folder for the logs of programs.
        """

    def provenance(self) -> Mapping[str, str]:
        """Return what else the results should name of what is measured, such as the git revision of its files."""

    def hide_secrets(self, text: str) -> str:
        """Return a text from outside, such as what a server has sent, without secrets of what is measured."""

    def prepare(self, experiment: Experiment, logs: Path) -> None:
        """Prepare the services. It is called once, before the first trial that runs.

        logs: the folder for the logs of programs. Raise UsageError where no trial can be run.
        """

    def running(self, trial: Trial, server: Server, pins: Pins, folder: Path) -> AbstractContextManager[RunningSite]:
        """Start the services and the server of a trial. folder: for the logs of programs.

        Raise TrialError where one of them does not start or respond.
        """

    def inspect(self, trial: Trial, server: Server, running: RunningSite) -> dict[str, Any]:
        """Return what the running server reports about itself. Raise TrialError where it is not what its label says."""

    def requests(self, trial: Trial, server: Server, site: Site) -> Requests | None:
        """Return how to send the requests of which the unloaded latency is measured; None where none is known."""
