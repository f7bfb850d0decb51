"""Write Markdown by hand: tables and lists take a line of code each, and no library that we require writes them."""

from collections.abc import Iterable, Sequence

_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", "|": "&#124;", **{each: f"\\{each}" for each in "\\`[]"}})


def escape_markdown(text: str) -> str:
    """Return a text in one line that Markdown shows as it is: without HTML, links, code, and ends of cells."""
    return " ".join(text.translate(_ESCAPES).split())


def bullet_lines(sentences: Iterable[str]) -> list[str]:
    """Return the lines of a list."""
    return [f"- {escape_markdown(sentence)}" for sentence in sentences]


def table_lines(headers: Sequence[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """Return the lines of a table."""
    lines = (headers, ("---",) * len(headers), *rows)
    return [f"| {' | '.join(_cell(str(cell)) for cell in row)} |" for row in lines]


def _cell(text: str) -> str:
    """Return the text of a cell. GitHub would make a link of a bare address, which may be a server's."""
    return escape_markdown(text).replace("://", "&#58;//")
