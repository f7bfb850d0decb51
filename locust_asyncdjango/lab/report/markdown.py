"""Write Markdown by hand: tables and lists take a line of code each, and no library that we require writes them."""

from collections.abc import Iterable, Sequence


def escape_markdown(text: str) -> str:
    """Return a text in one line, without characters that Markdown would read as HTML or as the end of a cell."""
    return " ".join(text.replace("<", "&lt;").replace("|", "&#124;").split())


def bullet_lines(sentences: Iterable[str]) -> list[str]:
    """Return the lines of a list."""
    return [f"- {escape_markdown(sentence)}" for sentence in sentences]


def table_lines(headers: Sequence[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """Return the lines of a table."""
    lines = (headers, ("---",) * len(headers), *rows)
    return [f"| {' | '.join(escape_markdown(str(cell)) for cell in row)} |" for row in lines]
