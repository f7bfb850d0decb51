"""LoginUser: a FastUser that logs in before its first task.

``routes.login_steps`` decides what is sent and whether the login succeeded. This module sends it, and reports it.
Importing it registers the plugin.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from http.cookiejar import Cookie
from itertools import cycle
from typing import Any, ClassVar, NamedTuple

import gevent
from locust.env import Environment
from locust.event import EventHook
from locust.runners import MasterRunner
from locust.user.task import LOCUST_STATE_RUNNING, LOCUST_STATE_WAITING

import locust_asyncdjango.plugin  # noqa: F401  # registers itself
from locust_asyncdjango.client.exceptions import check_error
from locust_asyncdjango.client.user import FastUser
from locust_asyncdjango.failures.normalize import safe_logger
from locust_asyncdjango.routes import Login
from locust_asyncdjango.routes.login_steps import LoginResponse, LoginResult, cookie_policy, log_in
from locust_asyncdjango.routes.requests import Request

REQUEST_NAME = "login"
"""The name of all requests of a login, in Locust's tables and in ours."""

log = safe_logger(__name__)


class LoginFailedError(Exception):
    """Raised where a login fails that users were to share. The message says why."""


class Session(NamedTuple):
    """What a login left: cookies, and header fields as in LoginResult."""

    cookies: tuple[Cookie, ...]
    headers: Mapping[str, str]
    unsafe_headers: Mapping[str, str]


class LoginUser(FastUser):
    """A FastUser that logs in to a Django site when it starts, and keeps its session.

    Example::

        from locust import constant, task
        from locust_asyncdjango import LoginUser

        class Member(LoginUser):
            wait_time = constant(1)
            username = "ann"
            password = "secret"

            @task
            def save(self):
                self.client.post("/posts/new/", {"title": "A post"}, name="new post")

    login: a Login, which says where and how; see its help. Default: Django's form at "/accounts/login/", with a CSRF
        token. None: no login. It may also be set for one user, before ``on_start`` of this class runs.
    username, password: the fields of these names, where the Login has no form of its own. Default "": no login at all,
        but a CSRF token.
    login_retry_s: seconds until the next attempt, where the site does not answer, or with 429 or 5xx. Default 10.

    The requests of a login have the name "login". A login that fails is one failure, of the kind ``login_failed`` where
    the site refused it. Then the user stops, since it would only ever measure the page of the login; the log says so
    once for each reason. A user class with an ``on_start`` of its own calls ``super().on_start()`` first.

    After a login, each POST, PUT, PATCH and DELETE to this host has the headers X-CSRFToken and Referer, as Django
    demands them. With a token, each request has the header Authorization. Other hosts never get them. All else is
    FastUser's.
    """

    abstract = True

    login: Login | None = Login()
    username: str = ""
    password: str = ""
    login_retry_s: float = 10.0

    _shared: ClassVar[Iterator[Session] | None] = None

    def on_start(self) -> None:
        """Log in, or take one of the sessions that ``share_logins`` made. Locust calls it."""
        if self.login is None:
            return
        if self._shared is not None:
            self._take(next(self._shared))
            return
        while (result := self.log_in()).problem:
            _log_problem(type(self).__name__, result.problem, result.is_temporary)
            if not result.is_temporary:
                # Locust's StopUser would log a traceback for each user.
                raise gevent.GreenletExit
            self._wait_for_retry()

    def log_in(self) -> LoginResult:
        """Log in once, with no cookies from before, and return the result, whose ``problem`` is "" for a success."""
        self._take(Session((), {}, {}))
        steps = log_in(self._login_to_send(), str(self.host))
        try:
            request = next(steps)
        except StopIteration as end:  # there is nothing to send
            return self._logged_in(end.value)
        while True:
            with self._send(request) as response:
                try:
                    request = steps.send(self._received(response))
                except StopIteration as end:
                    _report(response, end.value)
                    return self._logged_in(end.value)

    @classmethod
    def share_logins(cls, environment: Environment, count: int = 5) -> None:
        """Log in ``count`` times now. All users of this class take these sessions in turn, and none of their own.

        A login costs the server much processor time, as it hashes the password. Call this method in a listener to
        ``test_start``, so that this time is not part of the load. The requests are in no table. Sessions of the run
        before are dropped.
        Raise LoginFailedError, with the reason, where a login fails.
        """
        if isinstance(environment.runner, MasterRunner):
            return  # its workers have the users
        cls.host = environment.host or cls.host
        cls._shared = None
        sessions = [cls(environment)._new_session() for _ in range(count)]
        cls._shared = cycle(sessions)

    def _new_session(self) -> Session:
        self.client.request_event = EventHook()  # nobody listens to it: these requests are not part of the load
        result = self.log_in()
        if result.problem:
            raise LoginFailedError(f"the login failed: {result.problem}")
        return Session(tuple(self.client.cookiejar), result.headers, result.unsafe_headers)

    def _take(self, session: Session) -> None:
        """Use the cookies and header fields of a session, and none of before."""
        jar = self.client.cookiejar
        jar.clear()
        jar.set_policy(cookie_policy(str(self.host)))
        for cookie in session.cookies:
            jar.set_cookie(cookie)
        self.client.set_login(session.headers, session.unsafe_headers)

    def _login_to_send(self) -> Login:
        """Return the login with what the attributes of this user add to it."""
        login = self.login or Login()
        headers = (*(self.default_headers or {}).items(), *login.headers)
        fields = (("username", self.username), ("password", self.password)) if self.username else ()
        return replace(login, form=login.form or fields, headers=headers)

    def _logged_in(self, result: LoginResult) -> LoginResult:
        if not result.problem:
            self.client.set_login(result.headers, result.unsafe_headers)
        return result

    def _send(self, request: Request) -> Any:
        return self.client.request(
            request.method,
            request.path,
            name=REQUEST_NAME,
            data=request.body or None,
            headers=dict(request.headers),
            catch_response=True,
            allow_redirects=False,
        )

    def _received(self, response: Any) -> LoginResponse:
        if not response.status_code:
            return LoginResponse(0)
        return LoginResponse(
            response.status_code,
            location_of(response),
            response.content,
            tuple(response.headers.getlist("set-cookie")),
            {cookie.name: cookie.value or "" for cookie in self.client.cookiejar},
        )

    def _wait_for_retry(self) -> None:
        """Wait so that Locust can stop the user meanwhile."""
        self._state = LOCUST_STATE_WAITING
        gevent.sleep(self.login_retry_s)
        self._state = LOCUST_STATE_RUNNING


def location_of(response: Any) -> str:
    """Return where a response redirects; "" for nowhere."""
    location = response.headers.get("location", "")
    return location if isinstance(location, str) else location[0]


def _report(response: Any, result: LoginResult) -> None:
    """Report the last request of a login. What FastUser says of a server that fails is better than what we know."""
    if not result.problem:
        response.success()  # whatever the page is that was fetched for another CSRF token
    elif not result.is_temporary:
        response.failure(check_error(response.url, "login_failed", result.problem, response.status_code))


@lru_cache(maxsize=64)
def _log_problem(user_class: str, problem: str, is_temporary: bool) -> None:
    """Log it once for each reason, not for each user."""
    effect = "tries again" if is_temporary else "stops"
    log.error("A user of %s cannot log in, and %s: %s", user_class, effect, problem)
