"""The secrets of a project's environment, which nothing that is written may hold. Start reading at ``secrets_of``."""

import html
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit

from locust_asyncdjango.failures.normalize import HIDDEN, is_secret_name, redact, safe_value
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.routes import Login, View

SHORTEST, SHORTEST_NAMED = 6, 4
"""The fewest characters of a value that is hidden, and of one whose name says that it is secret. A shorter one would be
found everywhere."""
LONG = 16
"""Characters of a value of letters and digits from which it is a secret also as a part of a word."""
_NO_SECRETS = {"true", "false", "none", "null"}
_PLACES = {"PWD", "OLDPWD"}
_SECRET_HEADERS = {"authorization", "cookie", "x-api-key"}
_VARIABLE = re.compile(r"\{env\.([A-Za-z_]\w*)\}", re.ASCII)

_LAST_WORD = re.compile(r"(?<!\S)\S*\Z")


class Secrets:
    """Values that are hidden wherever they stand in a text."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for line in value.splitlines() if len(line) > 3 for form in _forms(line)}
        # The longest first: one may be a part of another.
        self._forms = forms
        patterns = (_pattern(form) for form in sorted(forms, key=lambda form: (-len(form), form)))
        self._pattern = re.compile("|".join(patterns)) if forms else None

    def hide(self, text: str) -> str:
        """Return a text with *** for these values, and for what is known as a secret by its form."""
        return redact(self._pattern.sub(HIDDEN, text) if self._pattern else text)

    def hide_cut(self, text: str) -> str:
        """Return what ``hide`` makes of a text whose end was cut off, without the secret and the word that were cut."""
        begins = (at for at in range(len(text)) if any(form.startswith(text[at:]) for form in self._forms))
        return self.hide(_LAST_WORD.sub("", text[: next(begins, len(text))]))

    def hide_in(self, value: Any) -> Any:
        """Return a value of JSON in which all texts are without secrets."""
        return safe_value(value, self.hide)


NO_SECRETS = Secrets(())


def secrets_of(project: Project, environ: Mapping[str, str] = os.environ) -> Secrets:
    """Return the secrets that the programs of a project may show.

    They are all that stands for {env.NAME}, and what has the name of a secret in the project's file, in its .env and in
    the environment. Of URLs, the password is one too.
    """
    return Secrets(_values(project, environ))


def _values(project: Project, environ: Mapping[str, str]) -> Iterator[str]:
    named = [*_named_texts(project), *environ.items(), *_dotenv(project)]
    for name, text in named:
        for variable in _VARIABLE.findall(text):
            yield from _worth_hiding(environ.get(variable, ""), SHORTEST)
            yield from _passwords(environ.get(variable, ""))
        yield from _passwords(text)
        if (is_secret_name(name) or name.lower() in _SECRET_HEADERS) and "{" not in text and name not in _PLACES:
            yield from _worth_hiding(text, SHORTEST_NAMED)
            yield from _worth_hiding(text.split()[-1] if " " in text else "", SHORTEST_NAMED)  # of "Bearer ..."


def _worth_hiding(value: str, shortest: int) -> Iterator[str]:
    is_path = value.startswith("/") and len(value) < 1000 and Path(value).exists()
    if len(value) >= shortest and not is_path and value.lower() not in _NO_SECRETS:
        yield value


def _passwords(text: str) -> Iterator[str]:
    """Yield the password of a URL, as it stands there and as it is."""
    with suppress(ValueError):
        if "://" in text and "{" not in text and (password := urlsplit(text).password):
            yield from {password, unquote(password)}


def _named_texts(project: Project) -> Iterator[tuple[str, str]]:
    """Yield all texts of a project's file that may have secrets, each with its name."""
    yield from _walk("database_url", project.database_url)
    yield from _walk("", project.env)
    yield from _walk("", project.override)
    for env in (*(arm.env for arm in project.arms), *(process.env for process in project.processes)):
        yield from _walk("", env)
    yield from (("command", process.command) for process in project.processes)
    requests: tuple[View | Login, ...] = (*project.views, *project.logins.values())
    for request in requests:
        yield from (*request.headers, *request.form)
    for view in project.views:
        yield from _walk("", view.json)


def _walk(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _walk(str(key), each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _walk(name, each)


def _dotenv(project: Project) -> Iterator[tuple[str, str]]:
    """Yield the variables of the .env files that the project's settings may read."""
    for folder in dict.fromkeys((project.root, project.file.absolute().parent)):
        with suppress(OSError):
            for line in (folder / ".env").read_text(encoding="utf-8", errors="replace").splitlines():
                name, separator, value = line.removeprefix("export ").partition("=")
                if separator and not line.startswith("#"):
                    yield name.strip(), value.strip().strip("\"'")


def _forms(value: str) -> set[str]:
    """Return a value as it stands in texts, URLs, forms, JSON, Python's repr and HTML."""
    escaped = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1], repr(value)[1:-1]}
    return {value, quote(value), quote(value, safe=""), quote_plus(value), html.escape(value), *escaped}


def _pattern(form: str) -> str:
    """Return a pattern for a text. A short word is a secret as a whole word only."""
    is_word = form.isalnum() and len(form) < LONG
    return rf"(?<![^\W_]){re.escape(form)}(?![^\W_])" if is_word else re.escape(form)
