"""Texts for terminals of any encoding and width: no character makes a print fail, and no figure is cut.

Words wrap; a number, and a number with its interval, does not.
"""

import codecs
import shutil
from io import TextIOWrapper
from textwrap import wrap
from typing import IO

WIDTH = 80
"""The most columns of our texts, on a terminal of any width."""
LEAST_WIDTH = 20
"""Texts are wrapped to this many columns where a terminal is narrower."""
_HANDLER = "locust-asyncdjango-terminal"
_SUBSTITUTES = str.maketrans(
    {
        "\N{HORIZONTAL ELLIPSIS}": "...",
        "\N{MULTIPLICATION SIGN}": "x",
        "\N{MICRO SIGN}": "u",
        "\N{GREEK SMALL LETTER MU}": "u",
        "\N{EN DASH}": "-",
        "\N{EM DASH}": "-",
        "\N{MINUS SIGN}": "-",
        "\N{NO-BREAK SPACE}": " ",
        "\N{LEFT SINGLE QUOTATION MARK}": "'",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "\N{LEFT DOUBLE QUOTATION MARK}": '"',
        "\N{RIGHT DOUBLE QUOTATION MARK}": '"',
        "\N{LESS-THAN OR EQUAL TO}": "<=",
        "\N{GREATER-THAN OR EQUAL TO}": ">=",
        "\N{RIGHTWARDS ARROW}": "->",
    }
)
"""ASCII for characters that our texts and our libraries' may have."""


def write_any_character(stream: IO[str]) -> None:
    """Make a stream write what its encoding lacks as ASCII, instead of raising UnicodeEncodeError."""
    if isinstance(stream, TextIOWrapper):
        stream.reconfigure(errors=_HANDLER)


def terminal_width() -> int:
    """Return the columns of the terminal: 80 at most, and 80 where there is no terminal. COLUMNS overrides it."""
    return min(max(shutil.get_terminal_size((WIDTH, 24)).columns, LEAST_WIDTH), WIDTH)


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Return the lines of a text at this width. Words stay whole, however long. indent: of all lines but the first."""
    lines = wrap(text, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return lines or [text]


def shortened(text: str, width: int) -> str:
    """Return the text, or if it is longer than the width the words from its beginning that fit, and dots."""
    return "".join(wrap(text, width, max_lines=1, placeholder="...", break_on_hyphens=False))


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end].translate(_SUBSTITUTES)
    return text.encode("ascii", "backslashreplace").decode(), error.end


codecs.register_error(_HANDLER, _in_ascii)
