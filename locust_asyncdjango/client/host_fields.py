"""Header fields that go to one origin and to no other, also not after a redirect.

There are those of a logged-in user, and those that the probe in a server's process reads during a trial of the lab: the
trial's token, the request's name, and the time at which it is sent. Start reading at HostFields.
"""

import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

from geventhttpclient.url import URL
from locust.contrib.fasthttp import FastRequest

from locust_asyncdjango.probe.protocol import NAME_HEADER, SENT_HEADER, TOKEN_HEADER, write_name

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods that change nothing (RFC 9110, section 9.2.1)."""


class Origin(NamedTuple):
    """Where requests go. port: that of the scheme, where the address has none."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def of(cls, url: URL) -> "Origin":
        """Return the origin of an address."""
        return cls(url.scheme, url.host.lower(), url.port)


class TrialFields:
    """The fields of the requests to the server of a trial.

    name: of the next request; the session sets it right before it sends one.
    """

    def __init__(self, token: str, origin: Origin) -> None:
        """token: of the trial. origin: of its server."""
        self.origin = origin
        self._token = token
        self.name = ""

    def fields(self) -> dict[str, str]:
        """Return the fields of a request that is sent now."""
        return {TOKEN_HEADER: self._token, NAME_HEADER: write_name(self.name), SENT_HEADER: f"{time.time():.6f}"}

    def lines(self) -> bytes:
        """Return them as they are sent. All but the time is made once for each name."""
        return _lines(self._token, self.name) % time.time()


class LoginFields(NamedTuple):
    """The fields that a login gave, for its site. unsafe: of requests besides that are not of SAFE_METHODS."""

    origin: Origin
    always: Mapping[str, str]
    unsafe: Mapping[str, str]


class HostFields:
    """What a session adds to its requests to a host. Fields that a request has of its own stay.

    trial: None where no trial of the lab runs.
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        """on_change: called when the fields of prepared requests are out of date."""
        self._on_change = on_change
        self._login: LoginFields | None = None
        self.trial: TrialFields | None = None

    def set_login(self, login: LoginFields | None) -> None:
        """Add these fields from now on; None for none."""
        self._login = login
        self._on_change()

    def login_fields(self, method: str, url: URL) -> Mapping[str, str]:
        """Return the fields of a login for a request."""
        login = self._login
        if login is None or login.origin != Origin.of(url):
            return {}
        return login.always if method.upper() in SAFE_METHODS else {**login.always, **login.unsafe}

    def trial_at(self, origin: Origin) -> TrialFields | None:
        """Return the trial's fields where requests to this origin have them."""
        return self.trial if self.trial is not None and self.trial.origin == origin else None

    def apply(self, request: FastRequest, added: tuple[str, ...]) -> tuple[str, ...]:
        """Give a request object of geventhttpclient the fields for its host, and return their names.

        added: the names that it got for the host that redirects here. They are removed.
        """
        if self._login is None and self.trial is None:
            return ()
        for name in added:
            request.headers.discard(name)
        trial = self.trial_at(Origin.of(request.url_split))
        fields = {**self.login_fields(request.method, request.url_split), **(trial.fields() if trial else {})}
        new = {name: value for name, value in fields.items() if name not in request.headers}
        request.headers.update(new)
        return tuple(new)


# Names may be many where a locustfile names requests by their URLs.
@lru_cache(maxsize=512)
def _lines(token: str, name: str) -> bytes:
    """Return the lines with a place for the time, which ``%`` fills."""
    name_in_format = write_name(name).replace("%", "%%")
    return f"{TOKEN_HEADER}: {token}\r\n{NAME_HEADER}: {name_in_format}\r\n{SENT_HEADER}: %.6f\r\n".encode()
