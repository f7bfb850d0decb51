"""Texts with planted secrets and control characters, and the search for them in what is shown and written."""

import re
from typing import Any

from hypothesis import strategies as st

PLANTED = "Planted9Word"
CONTROLS = "\x1b\x9b\x00\x07\x08\x0b\x7f\x85\u200b\u2028\u2029\u202e\u2066\ufeff\ud800"
SECRETS = (
    "password={}",
    '"token": "{}"',
    "postgres://me:{}@db/x",
    "?sig={}&page=2",
    "Authorization: Bearer {}",
    "DB_PASSWORD='{}'",
    "next=http%3A%2F%2Fme%3A{}%40h",
)
MARKUP = ("<b>", "| a | b |", "[x](javascript:a)", "`c`", "\r\n# title\r\n", "]]>", "[bold]", "&amp;", "{{x}}")

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def hostile_texts() -> st.SearchStrategy[str]:
    """Return a strategy for texts with some secrets, control characters and markup, in any order."""
    secrets = st.sampled_from(SECRETS).map(lambda each: f" {each.format(PLANTED)} ")
    pieces = st.one_of(secrets, st.sampled_from((*CONTROLS, *MARKUP)), st.text(max_size=5))
    return st.lists(pieces, max_size=8).map("".join)


def faults(text: str) -> list[str]:
    """Return what must not be in a text that is shown or written: the planted word, and control characters."""
    # The one that is not searched for, U+200B, is what the web UI breaks long words with.
    return [*({PLANTED} if PLANTED in text else ()), *_CONTROL.findall(text)]


def faults_of_json(content: Any) -> list[str]:
    """Return the faults of all texts in what JSON can hold, also of the names of members."""
    return [each for text in _texts(content) for each in faults(text)]


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    if isinstance(content, dict):
        return [text for pair in content.items() for each in pair for text in _texts(each)]
    return [text for each in content for text in _texts(each)] if isinstance(content, list | tuple) else []
