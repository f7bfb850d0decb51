"""Why a view of a project, or its login, answered with an error, in words for the user.

Start reading at ``describe_answer``.
"""

from http import HTTPStatus

from locust_asyncdjango.failures.evidence import read_response
from locust_asyncdjango.failures.normalize import safe_line
from locust_asyncdjango.lab.environment.web.cookie_session import WebResponse
from locust_asyncdjango.lab.environment.web.view_client import RefusedLoginError, response_problem
from locust_asyncdjango.lab.project.project_secrets import Secrets
from locust_asyncdjango.probe.protocol import CUT, DETAILS_HEADER, FailureDetails, read_details
from locust_asyncdjango.routes import View
from locust_asyncdjango.routes.requests import view_problem

SHORT_TEXT = 150
"""How many characters of a body are shown."""
_USELESS = "Server Error (500)"
"""The text of Django's own page."""


def describe_answer(view: View, response: WebResponse, secrets: Secrets) -> tuple[str, bool]:
    """Return in one line why a response is no success, and whether the log of its server says more.

    The line is "" for a success. secrets: what it must not have.
    """
    problem = view_problem(view, response.status, response.location)
    value = response.headers.get(DETAILS_HEADER)
    is_error = response.status >= HTTPStatus.INTERNAL_SERVER_ERROR
    if not problem or (value is None and not is_error):
        return safe_line(secrets.hide(response_problem(view, response))), False
    if value is None:  # the server itself, or what failed outside of Django, has answered
        return problem, True
    details = read_details(str(value))
    if details.error:
        return f"{problem}: {_exception_text(details, secrets)}", bool(details.traceback)
    return ": ".join(filter(None, (f"{problem} without an exception", _body_text(response, secrets)))), False


def describe_login(error: RefusedLoginError, secrets: Secrets) -> tuple[str, bool]:
    """Return in one line why a login failed, and whether the log of its server says more.

    secrets: what the line must not have.
    """
    problem = secrets.hide(str(error))
    details = read_details(str(error.response.headers.get(DETAILS_HEADER, "")))
    if not details.error:
        return problem, False
    return f"{problem}; it raised {_exception_text(details, secrets)}", bool(details.traceback)


def _exception_text(details: FailureDetails, secrets: Secrets) -> str:
    text = _one_exception(details.error, details.text, details.place, secrets)
    if not details.cause:
        return text
    return f"{text}, caused by {_one_exception(details.cause, details.cause_text, details.cause_place, secrets)}"


def _one_exception(name: str, text: str, place: str, secrets: Secrets) -> str:
    """Return ``ValueError: no such author (app/views.py:31)``, without secrets and on one line."""
    message = f"{secrets.hide_cut(text.removesuffix(CUT))} {CUT}" if text.endswith(CUT) else secrets.hide(text)
    named = ": ".join(filter(None, (secrets.hide(name), _line(message))))
    return safe_line(f"{named} ({secrets.hide(place)})" if place else named)


def _body_text(response: WebResponse, secrets: Secrets) -> str:
    """Return the beginning of what a body says about an error; "" where it says nothing."""
    summary = read_response(response.headers.get("Content-Type", "").lower(), response.body).summary
    text = safe_line(_line(secrets.hide(summary)))
    if text.startswith(_USELESS):
        return ""
    return text if len(text) <= SHORT_TEXT else f"{text[:SHORT_TEXT].rpartition(' ')[0]} {CUT}"


def _line(text: str) -> str:
    return " ".join(text.split())
