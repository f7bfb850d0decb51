"""The shop served with the probe, as the lab serves it."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from locust_asyncdjango.lab.environment.process import free_port
from locust_asyncdjango.lab.environment.servers import Application, Server, running_server
from locust_asyncdjango.probe import protocol
from locust_asyncdjango.probe.protocol import FailureDetails, ServerFailure, read_details, read_failure
from tests.support.shop import TOKEN, copy_shop, shop_env

DEADLINE_S = 60


class Answer(NamedTuple):
    """What came back: status, body, and what the headers of a failure and of its details say; None without one."""

    status: int
    body: bytes
    failure: ServerFailure | None
    details: FailureDetails | None


class Shop(NamedTuple):
    """The shop on a server. url: its root. folder: of the project."""

    url: str
    folder: Path

    def get(self, path: str, *, token: str = TOKEN, deadline_s: Any = DEADLINE_S, **headers: Any) -> Answer:
        """Return the answer to a GET. headers: with "_" for "-"."""
        fields = {protocol.TOKEN_HEADER: token, **{name.replace("_", "-"): value for name, value in headers.items()}}
        request = urllib.request.Request(f"{self.url}{path}", headers=fields)
        try:
            with urllib.request.urlopen(request, timeout=deadline_s) as response:
                return _answer(response)
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error)

    def page(self, path: str) -> Any:
        """Return a page of the probe."""
        answer = self.get(path)
        assert answer.status == 200, answer
        return json.loads(answer.body)

    def figures(self, query: str = "") -> Any:
        """Return the figures of the process."""
        return self.page(f"{protocol.FIGURES_PATH}{query}")


def _answer(response: Any) -> Answer:
    value = response.headers.get(protocol.FAILURE_HEADER)
    details = response.headers.get(protocol.DETAILS_HEADER)
    return Answer(
        response.status,
        response.read(),
        None if value is None else read_failure(value),
        None if details is None else read_details(details),
    )


@contextmanager
def running_shop(server: Server, folder: Path, env: Mapping[str, str], workers: int = 1) -> Iterator[Shop]:
    """Serve a copy of the shop with the probe. folder: an empty one. env: more variables."""
    project = copy_shop(folder)
    application = Application(
        "asyncdjango_probe.wsgi:application",
        "asyncdjango_probe.asgi:application",
        start=str(folder / "path" / "asyncdjango_probe" / "launch.py"),
        folder=project,
        ready_path="/ok/",
    )
    whole = shop_env(folder, **env)
    with running_server(server, free_port(), folder, whole, workers, application=application) as served:
        yield Shop(served.url, project)
