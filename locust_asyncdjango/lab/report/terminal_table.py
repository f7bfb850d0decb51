"""A table for the terminal that never cuts a figure: where there is no room for its columns, its rows become lists."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions
from rich.table import Table
from rich.text import Text

from locust_asyncdjango.analysis.terminal_text import wrapped

LIST_INDENT = "  "
ASCII_HEAD = box.Box("    \n    \n -- \n" + 5 * "    \n", ascii=True)
"""Rich's SIMPLE_HEAD, whose only line is below the headers, for terminals that have ASCII alone."""


@dataclass(frozen=True, slots=True)
class TerminalRow:
    """A row of a table, or with one cell a heading of the rows that follow.

    cells: their texts, which may have several lines. note: what stands in the last column of a heading.
    """

    cells: tuple[str, ...]
    note: str = ""

    @property
    def is_heading(self) -> bool:
        """Return whether the row is a heading."""
        return len(self.cells) == 1


@dataclass(frozen=True, slots=True)
class TerminalTable:
    """A table that needs as many columns of the terminal as its figures and its longest words do.

    headers: one for each column; line breaks in them are kept. words: the numbers of the columns that have words, which
    begin on the left. The last column may be folded between words if it has some. caption: texts below the table.
    """

    headers: tuple[str, ...]
    rows: Sequence[TerminalRow]
    words: tuple[int, ...]
    caption: tuple[str, ...] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Table | Text]:
        """Yield the table, or the lists of its rows where the terminal is narrower than the table must be."""
        widths = self._widths()
        # A line at both ends and between two columns.
        if sum(widths) + len(widths) + 1 <= options.max_width:
            yield self._table(widths, ASCII_HEAD if options.ascii_only else box.SIMPLE_HEAD)
        else:
            yield Text("\n".join(self._lists(options.max_width)), overflow="fold")
        if self.caption:
            yield Text("\n".join(line for text in self.caption for line in wrapped(text, options.max_width)))

    @property
    def _folds(self) -> bool:
        return len(self.headers) - 1 in self.words

    def _widths(self) -> list[int]:
        """Return the width that each column needs: that of its longest line, or if it is folded of its longest word."""
        columns = list(zip(self.headers, *(row.cells for row in self.rows if not row.is_heading), strict=True))
        parts = [[line for text in column for line in text.splitlines()] for column in columns]
        parts[0] += [row.cells[0] for row in self.rows if row.is_heading]
        if self._folds:
            notes = [row.note for row in self.rows]
            parts[-1] = [word for text in (*columns[-1], *notes) for word in text.split()]
        return [max(map(cell_len, each), default=0) for each in parts]

    def _table(self, widths: Sequence[int], lines: box.Box) -> Table:
        table = Table(box=lines, pad_edge=False, padding=0)
        last = len(widths) - 1
        for number, (header, width) in enumerate(zip(self.headers, widths, strict=True)):
            justify: Literal["left", "right"] = "left" if number in self.words else "right"
            is_folded = number == last and self._folds
            table.add_column(header, min_width=width, no_wrap=not is_folded, overflow="fold", justify=justify)
        for row in self.rows:
            if row.is_heading:
                table.add_row(Text(row.cells[0], "bold"), *[""] * (last - 1), Text(row.note, "dim"))
            else:
                table.add_row(*map(Text, row.cells))
        return table

    def _lists(self, width: int) -> Iterator[str]:
        for row in self.rows:
            title, *cells = row.cells
            yield from wrapped(f"{title}, {row.note}" if row.note else title, width, LIST_INDENT)
            for header, cell in zip(self.headers[1:], cells, strict=False):
                text = f"{' '.join(header.split())}: {', '.join(cell.splitlines())}"
                yield from wrapped(f"{LIST_INDENT}{text}", width, 2 * LIST_INDENT)
