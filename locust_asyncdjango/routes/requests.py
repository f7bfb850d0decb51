"""What is sent for a view, and whether its response is a success.

Pure functions for Locust's users and for the lab: they send nothing. Start reading at ``view_request``.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from locust_asyncdjango.routes.views import Pairs, View

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Methods for which Django demands no CSRF token."""

MOVED = frozenset({HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.PERMANENT_REDIRECT})
REDIRECTS = frozenset({*MOVED, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, HTTPStatus.TEMPORARY_REDIRECT})

FORM_TYPE, JSON_TYPE = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a project: its method, its path with the query, its own header fields, and its body."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)


def view_request(view: View, variant: str) -> Request:
    """Return the request for a variant of a view, "" for the first one. Raise ValueError for an unknown variant."""
    headers, body = dict(view.headers), b""
    if view.json is not None:
        body, headers = json_body(view.json), with_default(headers, "Content-Type", JSON_TYPE)
    elif view.form:
        body, headers = form_body(view.form), with_default(headers, "Content-Type", FORM_TYPE)
    return Request(view.method, view.path_of(variant), headers, body)


def view_problem(view: View, status: int, location: str = "") -> str:
    """Return in one line why a response is no success; "" for a success.

    location: where a redirect leads. Without statuses that the view expects, any below 400 is a success, but for two
    redirects: to a login, and to the view's new address. They would measure the redirect in place of the view.
    """
    if view.expected_status:
        expected = " or ".join(map(str, view.expected_status))
        return "" if status in view.expected_status else f"HTTP {status}{_target(status, location)}, not {expected}"
    if status >= HTTPStatus.BAD_REQUEST or not status:
        return f"HTTP {status}" if status else "no response"
    if status in REDIRECTS and is_login_address(location):
        who = "its login is not accepted" if view.login else "it needs a login"
        return f"HTTP {status}{_target(status, location)}: {who}"
    if status in MOVED:
        return f"HTTP {status}{_target(status, location)}: write that path, or expected_status = [{int(status)}]"
    return ""


def is_login_address(location: str) -> bool:
    """Return whether a redirect leads to a login. Django's own says where to go on afterwards, as ``next``."""
    parts = urlsplit(location)
    return "next" in parse_qs(parts.query, keep_blank_values=True) or parts.path.rstrip("/").endswith("/login")


def form_body(fields: Pairs) -> bytes:
    """Return the body of a form. A name may come more than once."""
    return urlencode(fields).encode()


def json_body(content: Any) -> bytes:
    """Return the body of JSON."""
    return json.dumps(content).encode()


def with_default(headers: Mapping[str, str], name: str, value: str) -> dict[str, str]:
    """Return header fields with one more, unless they have it already, in any case."""
    return {**headers} if name.lower() in map(str.lower, headers) else {**headers, name: value}


def _target(status: int, location: str) -> str:
    """Return where a redirect leads, without its query, which may hold a secret."""
    return f" to {location.partition('?')[0]}" if status in REDIRECTS and location else ""
