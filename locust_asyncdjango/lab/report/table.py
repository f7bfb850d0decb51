"""A table with its title and what it means, as HTML and as Markdown."""

from dataclasses import dataclass
from html import escape

from locust_asyncdjango.lab.report import html
from locust_asyncdjango.lab.report.markdown import table_lines


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of texts. ratios: of each row one with its interval, to be drawn beside it; none for no drawing."""

    title: str
    meaning: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ratios: tuple[html.Range, ...] = ()

    def html(self) -> str:
        """With its title."""
        shown = html.table(self.heads, self.rows, html.whiskers(self.ratios))
        return f'<h2>{self.title}</h2>\n<p class="muted">{escape(self.meaning)}</p>\n{shown}'

    def markdown(self) -> list[str]:
        """Its lines, with its title."""
        return [f"## {self.title}", "", self.meaning, "", *table_lines(self.heads, self.rows)]
