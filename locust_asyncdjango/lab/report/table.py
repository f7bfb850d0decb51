"""A table with its title and explanation, for HTML and Markdown, and where ratios are drawn beside its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from locust_asyncdjango.lab.analysis.paired_stats import RatioEstimate
from locust_asyncdjango.lab.report.markdown import table_lines

WHISKER_WIDTH = 240
"""Width, in pixels, of the column in which ratios are drawn."""


@dataclass(frozen=True, slots=True)
class Whisker:
    """Where a ratio and its interval are drawn: horizontal positions in pixels, low and high None without an interval.

    one: the position of the ratio 1.
    """

    ratio: float
    low: float | None
    high: float | None
    one: float
    width: int = WHISKER_WIDTH


@dataclass(frozen=True, slots=True)
class Table:
    """A table of texts.

    ratios: one for each row, drawn in a last column of the HTML table; empty for no such column.
    """

    title: str
    explanation: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    ratios: tuple[RatioEstimate, ...] = ()

    @property
    def whiskers(self) -> list[Whisker]:
        """Return the drawing of each ratio."""
        return whiskers(self.ratios)

    def markdown(self) -> list[str]:
        """Return the lines of the table in Markdown, with its title and explanation."""
        return [f"## {self.title}", "", self.explanation, "", *table_lines(self.headers, self.rows)]


def whiskers(ratios: Sequence[RatioEstimate]) -> list[Whisker]:
    """Return where each ratio is drawn on a logarithmic axis that all of them share."""
    ends = [log(end) for each in ratios for end in (each.ratio, each.low, each.high) if end]
    least, most = min([*ends, log(0.9)]), max([*ends, log(1.1)])

    def position(ratio: float) -> float:
        return WHISKER_WIDTH * (0.02 + 0.96 * (log(ratio) - least) / (most - least))

    return [
        Whisker(
            position(each.ratio),
            position(each.low) if each.low and each.high else None,
            position(each.high) if each.low and each.high else None,
            position(1),
        )
        for each in ratios
    ]
