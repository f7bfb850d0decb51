"""Which of a project's URLs can be measured without knowing more of it. Start reading at ``candidates``."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from locust_asyncdjango.lab.project.inspection.report import UrlPattern

MOST_VIEWS = 8
MOST_EXAMPLES = 5
_UNFIT = re.compile(
    r"(?:^|[/_.:-])(?:admin|django-admin|__debug__|logout|password|reset|jsi18n|i18n|setlang|silk|static|media|schema"
    r"|swagger|redoc|docs|documents|robots|favicon|login|signin|delete|social|oauth\w*|o|confirm\w*)(?:[/_.:-]|$)",
    re.IGNORECASE,
)
"""What is no typical view, or does harm: it changes what others see, or ends the session of the user."""
_ASYNC = re.compile(r"(?:(?<=[/_.-])|^)a?sync(?=[/_.-]|$)[/_.-]?|[_-]a?sync(?=[/_.-]|$)")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A view that can be requested with GET and without parameters. async_path: of its async twin; "" for none."""

    name: str
    path: str
    async_path: str = ""


@dataclass(frozen=True, slots=True)
class Candidates:
    """views: that can be measured. examples: routes that need a value. left_out: how many more there are of both.

    login_path: the page for logging in; "" where there is none.
    """

    views: tuple[Candidate, ...] = ()
    examples: tuple[str, ...] = ()
    left_out: int = 0
    login_path: str = ""


def candidates(urls: Sequence[UrlPattern], login_url: str = "") -> Candidates:
    """Return the views of a project that can be measured, of all its URL patterns. login_url: of its settings."""
    paths = {each: path for each in urls if (path := plain_path(each)) is not None}
    fit = {pattern: path for pattern, path in paths.items() if not _is_unfit(pattern)}
    views = _named(_with_twins(fit))
    routes = dict.fromkeys(each.route for each in urls if each.parameters and not _is_unfit(each))
    login = [path for pattern, path in paths.items() if pattern.name.rpartition(":")[2] in ("login", "account_login")]
    login = [path for path in login if "admin" not in path] or [path for path in paths.values() if path == login_url]
    return Candidates(
        tuple(views[:MOST_VIEWS]),
        tuple(f"/{route}" for route in list(routes)[:MOST_EXAMPLES]),
        max(0, len(views) - MOST_VIEWS) + max(0, len(routes) - MOST_EXAMPLES),
        login[0] if login else "",
    )


def plain_path(pattern: UrlPattern) -> str | None:
    """Return the path of a pattern without parameters; None where it is not the same for all requests.

    Its route may be of path(), or a regular expression of re_path().
    """
    if pattern.parameters:
        return None
    route = re.sub(r"\\([./_-])", r"\1", re.sub(r"\^|\\Z|\$", "", pattern.route)).removesuffix("/?")
    return None if re.search(r"[\\\[\](){}<>*+?|\s]", route) or not route.isascii() else f"/{route}"


def _is_unfit(pattern: UrlPattern) -> bool:
    return any(map(_UNFIT.search, (pattern.route, pattern.name))) or pattern.view.startswith("django.contrib.admin")


def _with_twins(paths: dict[UrlPattern, str]) -> list[tuple[UrlPattern, str, str]]:
    """Return each pattern with its path and that of its async twin, which is then no view of its own."""
    sync = {path: pattern for pattern, path in paths.items() if not pattern.is_async}
    twins: dict[str, str] = {}
    for pattern, path in paths.items():
        twin = next((each for each in _sync_paths(path) if each in sync), "") if pattern.is_async else ""
        if not twin:
            # The sync one may have the mark: /sync/list/ and /list/, or /sync/list/ and /async/list/.
            plain = _ASYNC.sub("", path)
            marked = (each for each in sync if pattern.is_async and each != path and _ASYNC.sub("", each) == plain)
            twin = next(marked, "")
        if twin:
            twins.setdefault(twin, path)
    taken = set(twins.values())
    unique: dict[str, UrlPattern] = {}
    for pattern, path in paths.items():
        unique.setdefault(path, pattern)
    return [(pattern, path, twins.get(path, "")) for path, pattern in unique.items() if path not in taken]


def _sync_paths(path: str) -> Iterable[str]:
    """Yield the paths that the sync twin of an async view may have."""
    yield _ASYNC.sub("", path)
    yield path.replace("async", "sync")
    # /aposts/ and /posts/, as Django names async methods.
    yield re.sub(r"/a(?=[a-z][^/]*/?$)", "/", path)


def _named(views: Iterable[tuple[UrlPattern, str, str]]) -> list[Candidate]:
    named: dict[str, Candidate] = {}
    for pattern, path, async_path in views:
        own_name = re.sub(r"[^\w.-]+", "-", pattern.name.replace(":", "-"), flags=re.ASCII).strip("-._")
        base = (own_name or re.sub(r"[^\w.-]+", "-", path, flags=re.ASCII).strip("-._") or "home")[:50]
        name = next(each for each in (base, *(f"{base}-{number}" for number in range(2, 1000))) if each not in named)
        named[name] = Candidate(name, path, async_path)
    return list(named.values())
