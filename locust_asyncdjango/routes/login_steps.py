"""A login as a conversation: the requests to send one after another, and what their responses mean.

It sends nothing. Locust's users and the lab send each request that ``log_in`` yields and pass the response back, so
that both log in alike. Clients must not follow redirects, and must keep cookies. Start reading at ``log_in``.
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from urllib.parse import SplitResult, urljoin, urlsplit

from locust_asyncdjango.routes.login_page import (
    TOKEN_FIELD,
    Page,
    csrf_cookie,
    csrf_refusal,
    json_error,
    json_member,
    read_json,
    read_page,
    shortened,
)
from locust_asyncdjango.routes.requests import (
    FORM_TYPE,
    JSON_TYPE,
    REDIRECTS,
    Request,
    form_body,
    json_body,
    with_default,
)
from locust_asyncdjango.routes.views import Login

TOKEN_HEADER = "X-CSRFToken"  # noqa: S105 - a name, not a token
MAX_REDIRECTS = 5
"""Redirects to the page of a login that are followed, such as that to the path of a language."""


@dataclass(frozen=True, slots=True)
class LoginResponse:
    """What a login reads of a response.

    status: 0 where none came. location: where a redirect leads, else "". body: decoded. set_cookies: the values of the
    fields Set-Cookie. cookies: those that the client keeps now, by name.
    """

    status: int
    location: str = ""
    body: bytes = field(default=b"", repr=False)
    set_cookies: tuple[str, ...] = field(default=(), repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class LoginResult:
    """How a login ended.

    problem: why it failed, in one line; "" for a success. is_temporary: whether the site may accept the same login
    later, because it did not answer or was overloaded. headers: what requests of the logged-in user send to this site.
    unsafe_headers: what those send besides that change something, such as a POST.
    """

    problem: str = ""
    is_temporary: bool = False
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    unsafe_headers: Mapping[str, str] = field(default_factory=dict, repr=False)


Steps = Generator[Request, LoginResponse, LoginResult]
"""Yields the requests of a login, takes the response to each, and returns the result."""


@dataclass(frozen=True, slots=True)
class TokenPage:
    """The page from which a login took its CSRF token. path: after redirects."""

    path: str
    page: Page
    cookies: Mapping[str, str] = field(repr=False)


class LoginError(Exception):
    """Raised within a login for what ends it. The message is the result's problem."""

    def __init__(self, problem: str, status: int) -> None:
        super().__init__(problem)
        self.is_temporary = not status or status >= 500 or status == HTTPStatus.TOO_MANY_REQUESTS


def log_in(login: Login, host: str) -> Steps:
    """Return the steps of a login. host: the address of the site, such as "http://127.0.0.1:8000".

    A login without fields only fetches a CSRF token, for forms that need no account.
    """
    try:
        headers, unsafe_headers = yield from _log_in(login, host)
    except LoginError as error:
        return LoginResult(str(error), error.is_temporary)
    return LoginResult(headers=headers, unsafe_headers=unsafe_headers)


def cookie_policy(host: str) -> DefaultCookiePolicy:
    """Return the policy for the cookies of a site. To this machine, Secure ones are sent over http, as browsers do."""
    protocols = ("http", "https") if is_loopback(urlsplit(host)) else ("https",)
    return DefaultCookiePolicy(secure_protocols=protocols)


def is_loopback(address: SplitResult) -> bool:
    """Return whether an address is this machine's own."""
    name = address.hostname or ""
    return name in ("localhost", "::1") or name.startswith("127.")


def page_address(login: Login, host: str, path: str) -> str:
    """Return the address of a page as the site sees it, for Referer: behind a proxy's fields it is another one."""
    fields = {name.lower(): value for name, value in login.headers}
    parts = urlsplit(host)
    scheme = fields.get("x-forwarded-proto", parts.scheme)
    return f"{scheme}://{fields.get('host', parts.netloc.rpartition('@')[2])}{path}"


def _log_in(login: Login, host: str) -> Generator[Request, LoginResponse, tuple[dict[str, str], dict[str, str]]]:
    """Return the header fields of the logged-in user's requests, as in LoginResult. Raise LoginError."""
    token_path = login.csrf_path or (login.path if login.csrf and not login.token else "")
    page = (yield from _token_page(login, host, token_path)) if token_path else None
    cookies: Mapping[str, str] = page.cookies if page else {}
    headers: dict[str, str] = {}
    if login.form:
        response = yield _login_request(login, host, page)
        _require_success(login, host, page, response)
        cookies = response.cookies
        if login.token:
            headers["Authorization"] = f"{login.token_scheme} {json_member(response.body, login.token)}".strip()
    token = csrf_cookie(cookies) or ((yield from _new_token(login, token_path, page)) if page else "")
    referer = page_address(login, host, page.path if page else login.path)
    return headers, {TOKEN_HEADER: token, "Referer": referer} if token else {}


def _token_page(login: Login, host: str, path: str) -> Generator[Request, LoginResponse, TokenPage]:
    """Return the page that gives the CSRF token. Raise LoginError where there is none."""
    for _ in range(MAX_REDIRECTS):
        response = yield Request("GET", path, dict(login.headers))
        if response.status not in REDIRECTS:
            break
        path = _redirected(login, host, path, response)
    page = read_page(response.body)
    if not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES:
        advice = "name a page that gives the CSRF token as csrf_path, or set csrf to false" if login.json else ""
        is_broken = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
        default = "mend that page, or what it needs" if is_broken else "check the path of the login"
        raise LoginError(_status_text("GET", path, response, advice or default), response.status)
    if not (page.csrf_token(_names(login)) or csrf_cookie(response.cookies)):
        advice = "name a page that has one as csrf_path, or set csrf to false where the login needs none"
        raise LoginError(f"GET {path} gives no CSRF token, in a form or in a cookie: {advice}", response.status)
    return TokenPage(path, page, response.cookies)


def _new_token(login: Login, path: str, page: TokenPage) -> Generator[Request, LoginResponse, str]:
    """Return the CSRF token where no cookie has it (CSRF_USE_SESSIONS); "" where no page gives it.

    A login changes the token, so that the one of the login's own form is out of date.
    """
    if not login.form:
        return page.page.csrf_token(())
    response = yield Request("GET", path, dict(login.headers))
    for _ in range(MAX_REDIRECTS):
        parts = urlsplit(urljoin(path, response.location))
        if response.status not in REDIRECTS or parts.netloc:
            break
        path = _path_of(parts)
        response = yield Request("GET", path, dict(login.headers))
    return read_page(response.body).csrf_token(())


def _login_request(login: Login, host: str, page: TokenPage | None) -> Request:
    """Return the request that sends the user name and the password. page: where the token was fetched, if anywhere."""
    token = ""
    headers = dict(login.headers)
    if page is not None:
        token = page.page.csrf_token(_names(login)) or csrf_cookie(page.cookies)
        headers = with_default(headers, "Referer", page_address(login, host, page.path))
    if login.json or login.token:
        headers = with_default(with_default(headers, "Content-Type", JSON_TYPE), "Accept", JSON_TYPE)
        if token:
            headers[TOKEN_HEADER] = token
        return Request("POST", login.path, headers, json_body(dict(login.form)))
    path, fields = login.path, {}
    if page is not None:
        fields[TOKEN_FIELD] = token
    if page is not None and not login.csrf_path:
        form = page.page.form_with(_names(login))
        path = _action(login, host, page.path, form.action)
        fields = {**form.hidden, **fields}
    own = tuple((name, value) for name, value in fields.items() if name not in _names(login))
    return Request("POST", path, with_default(headers, "Content-Type", FORM_TYPE), form_body((*own, *login.form)))


def _require_success(login: Login, host: str, page: TokenPage | None, response: LoginResponse) -> None:
    """Raise LoginError, which says what the site answered, unless the login succeeded."""
    if problem := _status_problem(login, host, response) or _proof_problem(login, host, page, response):
        raise LoginError(problem, response.status)


def _status_problem(login: Login, host: str, response: LoginResponse) -> str:
    status, is_json = response.status, login.json or bool(login.token)
    reason = csrf_refusal(response.body) if status == HTTPStatus.FORBIDDEN else None
    if reason is not None:
        shown = reason or "the reason is shown with DEBUG on only; check csrf and csrf_path"
        return f"HTTP 403, the CSRF check failed: {shown}"
    if status in login.expected_status:
        return ""
    if status in REDIRECTS:
        address = page_address(login, host, login.path)
        target = urlsplit(urljoin(address, response.location))
        if (target.scheme, urlsplit(address).scheme) == ("https", "http"):
            return _https_problem(login.path, status)
        if status in (301, 307, 308):
            return f"POST {login.path}: HTTP {status} to {_path_of(target).partition('?')[0]}; write that path"
    is_success = status < 300 if is_json else status in REDIRECTS
    if status and not login.expected_status and is_success:
        return ""
    if status == HTTPStatus.OK and not is_json:
        error = read_page(response.body).error
        shown = error or "no error is shown; where a login answers so, set expected_status to [200]"
        return f"the login's page was shown again, so that name or password are wrong: {shown}"
    return _status_text("POST", login.path, response, "check path and form of the login")


def _proof_problem(login: Login, host: str, page: TokenPage | None, response: LoginResponse) -> str:
    """Return why a response with the right status is no proof of a login; "" where it is."""
    if login.token:
        member = json_member(response.body, login.token)
        return "" if member else f"POST {login.path}: the response has no text under {login.token}"
    name = login.success_cookie
    before = page.cookies.get(name) if page else None
    if not name or response.cookies.get(name) not in (None, before):
        return _insecure_problem(name, host, response)
    if _fields_of(name, response):
        return f"the cookie {name} was not kept: check SESSION_COOKIE_DOMAIN and SESSION_COOKIE_PATH"
    return (
        f"POST {login.path}: HTTP {response.status}, but the cookie {name} was not set: the login is refused, or its"
        " session has another cookie (success_cookie)"
    )


def _insecure_problem(name: str, host: str, response: LoginResponse) -> str:
    """Return why a cookie that was set would never be sent; "" where it would be."""
    is_secure = any("secure" in each.lower().replace(" ", "").split(";") for each in _fields_of(name, response))
    parts = urlsplit(host)
    if not is_secure or parts.scheme == "https" or is_loopback(parts):
        return ""
    return f"the cookie {name} is Secure, which is not sent over http: use https, or SESSION_COOKIE_SECURE = False"


def _fields_of(name: str, response: LoginResponse) -> list[str]:
    """Return the fields Set-Cookie of a response that are about one cookie."""
    return [each for each in response.set_cookies if each.partition("=")[0].strip() == name]


def _redirected(login: Login, host: str, path: str, response: LoginResponse) -> str:
    """Return the path that a redirect of the site leads to. Raise LoginError where it leads to another host."""
    address = page_address(login, host, path)
    target, site = urlsplit(urljoin(address, response.location)), urlsplit(address)
    if target.scheme == "https" and site.scheme == "http":
        raise LoginError(_https_problem(path, response.status), response.status)
    if target.netloc not in (site.netloc, urlsplit(host).netloc):
        raise LoginError(f"GET {path} redirects to another host, {target.netloc}", response.status)
    return _path_of(target)


def _action(login: Login, host: str, path: str, action: str) -> str:
    """Return the path that a form is sent to. An action on another host counts as the page itself."""
    site = urlsplit(page_address(login, host, path))
    target = urlsplit(urljoin(site.geturl(), action)) if action else site
    return _path_of(target) if target.netloc in (site.netloc, urlsplit(host).netloc) else path


def _https_problem(path: str, status: int) -> str:
    return (
        f"{path}: HTTP {status} to https; switch SECURE_SSL_REDIRECT off, or let the login send the header of"
        " SECURE_PROXY_SSL_HEADER, such as X-Forwarded-Proto: https"
    )


def _status_text(method: str, path: str, response: LoginResponse, advice: str) -> str:
    if not response.status:
        return f"{method} {path}: no response"
    error = json_error(read_json(response.body)) or (read_page(response.body).error if response.status < 500 else "")
    shown = f", {shortened(error)}" if error else ""
    return f"{method} {path}: HTTP {response.status}{shown}; {advice}"


def _names(login: Login) -> set[str]:
    return {name for name, _ in login.form}


def _path_of(parts: SplitResult) -> str:
    path = parts.path or "/"
    return f"{path}?{parts.query}" if parts.query else path
