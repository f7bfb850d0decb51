"""Texts and tables as Markdown."""

from collections.abc import Iterable, Sequence


def escape_markdown(text: str) -> str:
    """Without what Markdown would take for HTML or for the end of a cell."""
    return " ".join(text.replace("<", "&lt;").replace("|", "&#124;").split())


def bullets(sentences: Iterable[str]) -> list[str]:
    """A list's lines."""
    return [f"- {escape_markdown(sentence)}" for sentence in sentences]


def table_lines(heads: Sequence[str], rows: Iterable[Iterable[object]]) -> list[str]:
    """Its lines."""
    return [
        f"| {' | '.join(escape_markdown(str(cell)) for cell in row)} |" for row in (heads, ("---",) * len(heads), *rows)
    ]
