"""The page of a login: its forms, its CSRF token, and what it says of a mistake. It may be HTML or JSON.

Nothing of the page is trusted: whatever it holds, these functions return texts. Start reading at ``read_page``.
"""

import json
import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

TOKEN_FIELD = "csrfmiddlewaretoken"  # noqa: S105 - a name, not a token
"""The hidden field of a form in which Django puts the CSRF token."""

META_NAMES = frozenset({"csrf-token", "csrf_token", "csrftoken"})
JSON_NAMES = ("csrfToken", "csrf_token", "csrftoken", "csrf", TOKEN_FIELD)
"""Where pages without a form have the token: ``<meta name=...>``, and members of JSON."""

ERROR_CLASSES = frozenset({"errorlist", "errornote", "invalid-feedback", "alert-danger", "alert-error"})
"""Classes of elements with an error: those of Django's forms, of its admin, and of Bootstrap."""

ERROR_MEMBERS = ("detail", "non_field_errors", "error", "errors", "message")
"""Members of JSON that say what is wrong, as Django REST framework and others name them."""

TEXT_LIMIT = 200
"""The most characters of an error that are kept."""

_CSRF_REASON = re.compile(r"Reason given for failure:\s*</p>\s*<pre>\s*(.*?)\s*</pre>", re.DOTALL)
_VOID_ELEMENTS = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr", "source", "area", "base", "col"})


@dataclass(slots=True)
class Form:
    """A form of a page. action: where it is sent, "" for the page itself. hidden: its hidden fields. names: of all."""

    action: str
    hidden: dict[str, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Page:
    """What a page has of a login: its forms, a CSRF token outside of them, and the text of its errors."""

    forms: tuple[Form, ...] = ()
    token: str = ""
    error: str = ""

    def form_with(self, names: Collection[str]) -> Form:
        """Return the form that has one of these fields; otherwise the first with a CSRF token, or an empty one."""
        ranked = [
            *(form for form in self.forms if not form.names.isdisjoint(names)),
            *(form for form in self.forms if TOKEN_FIELD in form.hidden),
        ]
        return ranked[0] if ranked else Form("")

    def csrf_token(self, names: Collection[str]) -> str:
        """Return the CSRF token of the form with these fields, or another of the page; "" where there is none."""
        form = self.form_with(names)
        tokens = (each.hidden.get(TOKEN_FIELD, "") for each in (form, *self.forms))
        return next(filter(None, tokens), self.token)


def read_page(body: bytes) -> Page:
    """Return what a page of HTML or JSON has of a login."""
    if (content := read_json(body)) is not None:
        return Page(token=_json_token(content))
    reader = _PageReader()
    with suppress(AssertionError):  # the parser's own, for a declaration that it does not know
        reader.feed(body.decode("utf-8", "replace"))
        reader.close()
    return Page(tuple(reader.forms), reader.token, shortened(" ".join(reader.errors)))


def read_json(body: bytes) -> Any:
    """Return the object or list of a body of JSON; None for any other body."""
    if body.lstrip()[:1] not in (b"{", b"["):
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def json_error(content: Any) -> str:
    """Return what JSON says of a mistake; "" where it says nothing."""
    if isinstance(content, list):
        content = {"errors": content}
    if not isinstance(content, dict):
        return ""
    named = [content[name] for name in ERROR_MEMBERS if content.get(name)]
    return shortened(" ".join(_texts(named or [*content.values()])))


def json_member(body: bytes, path: str) -> str:
    """Return the text that a path of member names leads to, such as "data.token"; "" where there is none."""
    content = read_json(body)
    for name in path.split("."):
        content = content.get(name) if isinstance(content, Mapping) else None
    return content if isinstance(content, str) else ""


def csrf_cookie(cookies: Mapping[str, str]) -> str:
    """Return the CSRF token of a cookie: Django's, or one that the project has given another name; "" for none."""
    others = (value for name, value in cookies.items() if "csrf" in name.lower())
    return cookies.get("csrftoken") or next(others, "")


def csrf_refusal(body: bytes) -> str | None:
    """Return the reason that Django or Django REST framework shows for a failed CSRF check, "" where it shows none.

    None for a response about something else.
    """
    text = body.decode("utf-8", "replace")
    if "CSRF" not in text:
        return None
    if reason := _CSRF_REASON.search(text):
        return shortened(reason[1])
    return shortened(json_error(read_json(body)).removeprefix("CSRF Failed:"))


def shortened(text: str) -> str:
    """Return a text in one line of at most TEXT_LIMIT characters."""
    return " ".join(text.split())[:TEXT_LIMIT]


class _PageReader(HTMLParser):
    """Collects forms, tokens and errors while it reads HTML, also where that is not well-formed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self.token = ""
        self.errors: list[str] = []
        self._is_in_form = False
        self._error_depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = {name: value or "" for name, value in attrs}
        if self._error_depth:
            self._error_depth += tag not in _VOID_ELEMENTS
        elif not ERROR_CLASSES.isdisjoint(fields.get("class", "").split()):
            self._error_depth = 1
        if tag == "form":
            self.forms.append(Form(fields.get("action", "")))
            self._is_in_form = True
        elif tag == "meta" and fields.get("name", "").lower() in META_NAMES:
            self.token = self.token or fields.get("content", "")
        elif tag in ("input", "button", "select", "textarea") and self._is_in_form and fields.get("name"):
            self._add_field(fields)

    def _add_field(self, fields: Mapping[str, str]) -> None:
        form, name = self.forms[-1], fields["name"]
        form.names.add(name)
        if fields.get("type", "").lower() == "hidden":
            form.hidden[name] = fields.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if self._error_depth and tag not in _VOID_ELEMENTS:
            self._error_depth -= 1
        if tag == "form":
            self._is_in_form = False

    def handle_data(self, data: str) -> None:
        if self._error_depth:
            self.errors.append(data)


def _json_token(content: Any) -> str:
    values = (content.get(name) for name in JSON_NAMES) if isinstance(content, dict) else ()
    return next((value for value in values if isinstance(value, str)), "")


def _texts(values: Any) -> list[str]:
    """Return the texts in lists and objects of JSON, two levels deep at most."""
    texts: list[str] = []
    for value in values:
        inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
        texts += [
            each for part in inner for each in (part if isinstance(part, list) else [part]) if isinstance(each, str)
        ]
    return texts
