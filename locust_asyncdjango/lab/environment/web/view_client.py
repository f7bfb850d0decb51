"""Views of a project, requested by the lab itself: for a check, for the unloaded latency, and to compare twins."""

import time

from locust_asyncdjango.lab.environment.web.cookie_session import CookieSession, WebResponse
from locust_asyncdjango.lab.errors import TrialError
from locust_asyncdjango.probe.protocol import (
    DETAILS_HEADER,
    FAILURE_HEADER,
    NAME_HEADER,
    SENT_HEADER,
    TOKEN_HEADER,
    read_failure,
    write_name,
)
from locust_asyncdjango.routes import Login, View
from locust_asyncdjango.routes.login_steps import LoginResponse, LoginResult, log_in
from locust_asyncdjango.routes.requests import SAFE_METHODS, Request, view_problem, view_request, with_default

RESPONSE_TIMEOUT_S = 60


class RefusedLoginError(TrialError):
    """A login that failed. response: the last one that it got."""

    def __init__(self, message: str, response: WebResponse) -> None:
        super().__init__(message)
        self.response = response


class ViewClient:
    """A visitor of a project's site, who logs in once and then requests views."""

    def __init__(
        self,
        url: str,
        login: Login | None = None,
        *,
        token: str = "",
        timeout_s: float = 0.0,
        asks_details: bool = False,
    ) -> None:
        """Log in, where there is a login.

        url: the site's. token: of the server's start, for the probe; "" for none. timeout_s: for each response; 0 for
        RESPONSE_TIMEOUT_S. asks_details: whether the probe tells the message of an exception.
        Raise RefusedLoginError, which says what the login answered, or TrialError where nothing answers.
        """
        self._asked = {DETAILS_HEADER: "wanted"} if asks_details and token else {}
        self._session = CookieSession(url, timeout_s or RESPONSE_TIMEOUT_S)
        self._token = token
        self._logged_in = self._log_in(login) if login else LoginResult()

    def send(self, view: View, variant: str = "") -> WebResponse:
        """Request a variant of a view, "" for its first one, and return the response, whatever its status.

        ``response_problem`` says whether it is a success. Raise TrialError where no response comes, and
        ValueError for a variant that the view does not have.
        """
        request = view_request(view, variant)
        headers = dict(request.headers)
        added = dict(self._logged_in.headers)
        if request.method not in SAFE_METHODS:
            added |= self._logged_in.unsafe_headers
        for name, value in added.items():
            headers = with_default(headers, name, value)
        return self._exchange(Request(request.method, request.path, headers, request.body), view.name)

    def _log_in(self, login: Login) -> LoginResult:
        steps = log_in(login, self._session.url)
        try:
            request = next(steps)
            while True:
                response = self._exchange(request, "login")
                set_cookies = tuple(response.headers.get_all("Set-Cookie", []))
                cookies = self._session.cookies
                request = steps.send(
                    LoginResponse(response.status, response.location, response.body, set_cookies, cookies)
                )
        except StopIteration as end:
            result: LoginResult = end.value
        if result.problem:
            raise RefusedLoginError(f"the login {login.name} failed: {result.problem}", response)
        return result

    def _exchange(self, request: Request, name: str) -> WebResponse:
        fields = {}
        if self._token:
            header, sent = write_name(f"{request.method} {name}"), f"{time.time():.6f}"
            fields = {TOKEN_HEADER: self._token, NAME_HEADER: header, SENT_HEADER: sent, **self._asked}
        try:
            return self._session.send(request, fields)
        except OSError as error:
            reason = getattr(error, "reason", error)  # urllib wraps what the system reports
            raise TrialError(f"{request.method} {request.path}: no response: {reason}") from None


def response_problem(view: View, response: WebResponse) -> str:
    """Return in one line why a response is no success, with the exception that the probe names; "" for a success."""
    problem = view_problem(view, response.status, response.location)
    failure = read_failure(str(response.headers.get(FAILURE_HEADER, "")))
    return ", ".join(filter(None, (problem, *failure.names[:1]))) if problem else ""
