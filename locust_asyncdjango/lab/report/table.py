"""A table with its title and explanation, for HTML and Markdown, and where ratios are drawn beside its rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

from locust_asyncdjango.lab.analysis.comparison.ratio import RatioEstimate
from locust_asyncdjango.lab.report.markdown import table_lines

WHISKER_WIDTH = 240
"""Width, in pixels, of the column in which ratios are drawn."""

TICK_DISTANCE = 32
"""The fewest pixels between two numbers of the axis."""
ROUND_RATIOS = (0.01, 0.1, 0.2, 0.5, 0.8, 0.9, 1.0, 1.1, 1.2, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 50.0, 100.0, 1000.0)
ROUNDEST = {1.0: 0, 0.1: 1, 0.5: 1, 2.0: 1, 10.0: 1, 100.0: 1}
"""Which numbers the axis has first; all others come after them."""


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

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """Return where the axis above the drawings has its numbers, in pixels, and these numbers."""
        return axis_ticks(self.ratios)

    def markdown(self) -> list[str]:
        """Return the lines of the table in Markdown, with its title and explanation."""
        return [f"## {self.title}", "", self.explanation, "", *table_lines(self.headers, self.rows)]


def whiskers(ratios: Sequence[RatioEstimate]) -> list[Whisker]:
    """Return where each ratio is drawn on a logarithmic axis that all of them share."""
    least, most = _ends(ratios)
    return [
        Whisker(
            _position(each.ratio, least, most),
            _position(each.low, least, most) if each.low and each.high else None,
            _position(each.high, least, most) if each.low and each.high else None,
            _position(1, least, most),
        )
        for each in ratios
    ]


def axis_ticks(ratios: Sequence[RatioEstimate]) -> list[tuple[float, str]]:
    """Return where the axis of drawn ratios has its numbers, and these numbers: 1, and round ones that have room."""
    if not ratios:
        return []
    least, most = _ends(ratios)
    ticks: list[tuple[float, str]] = []
    for ratio in sorted(ROUND_RATIOS, key=lambda each: (ROUNDEST.get(each, 2), each)):
        position = _position(ratio, least, most)
        if least <= log(ratio) <= most and all(abs(position - other) >= TICK_DISTANCE for other, _ in ticks):
            ticks.append((position, f"{ratio:g}"))
    return sorted(ticks)


def _ends(ratios: Sequence[RatioEstimate]) -> tuple[float, float]:
    """Return the logarithms of the smallest and the largest number that is drawn."""
    ends = [log(end) for each in ratios for end in (each.ratio, each.low, each.high) if end]
    return min([*ends, log(0.9)]), max([*ends, log(1.1)])


def _position(ratio: float, least: float, most: float) -> float:
    return WHISKER_WIDTH * (0.02 + 0.96 * (log(ratio) - least) / (most - least))
