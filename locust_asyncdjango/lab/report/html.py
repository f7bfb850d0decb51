"""One HTML file that needs nothing else: the frame of every report, with its charts' data and what draws them."""

import json
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from importlib.resources import files
from itertools import zip_longest
from math import log
from string import Template

from locust_asyncdjango.analysis.charts import Chart

WHISKERS_WIDTH = 240
Range = tuple[float, float | None, float | None]
"""A ratio and the ends of its interval, None without one."""


def page(title: str, heading: str, body: str, charts: Mapping[str, list[Chart]]) -> str:
    """A page. body: HTML. charts: by the id of the empty <div> of the body in which they are drawn."""
    # "<" would end the script where a name holds markup; JSON may spell it so.
    data = json.dumps(charts, separators=(",", ":")).replace("<", "\\u003c")
    static = files("locust_asyncdjango.analysis").joinpath("static")
    inlined = {
        name: static.joinpath(file).read_text(encoding="utf-8")
        for name, file in (
            ("uplot_css", "uPlot.min.css"),
            ("css", "charts.css"),
            ("uplot", "uPlot.iife.min.js"),
            ("js", "charts.js"),
        )
    }
    frame = Template(files(__package__).joinpath("page.html").read_text(encoding="utf-8"))
    return frame.substitute(title=escape(title), heading=escape(heading), body=body, data=data, **inlined)


def table(heads: Iterable[str], rows: Iterable[Iterable[object]], drawn: Sequence[str] = ()) -> str:
    """A table of figures, whose numbers stand to the right. It scrolls by itself where it is too wide.

    drawn: HTML of a last cell for each row.
    """
    lines = [_row("td", row) for row in rows]
    if drawn:
        lines = [f"{row.removesuffix('</tr>')}<td>{cell}</td></tr>" for row, cell in zip(lines, drawn, strict=True)]
    return _wide([_row("th", heads), *lines])


def whiskers(ranges: Sequence[Range]) -> list[str]:
    """Pictures of ratios and their intervals below each other, over the same logarithmic axis; a line stands at 1."""
    ends = [log(end) for each in ranges for end in each if end is not None]
    least, most = min([*ends, log(0.9)]), max([*ends, log(1.1)])

    def x(ratio: float) -> str:
        return f"{WHISKERS_WIDTH * (0.02 + 0.96 * (log(ratio) - least) / (most - least)):.1f}"

    found = []
    for ratio, low, high in ranges:
        span = f'<line class="span" x1="{x(low)}" x2="{x(high)}" y1="8" y2="8"/>' if low and high else ""
        one = f'<line class="one" x1="{x(1)}" x2="{x(1)}" y1="0" y2="16"/>'
        dot = f'<circle cx="{x(ratio)}" cy="8" r="4"/>'
        frame = f'class="whiskers" viewBox="0 0 {WHISKERS_WIDTH} 16" aria-hidden="true"'
        found.append(f"<svg {frame}>{one}{span}{dot}</svg>")
    return found


def bullets(items: Iterable[str], name: str = "") -> str:
    """A list. items: HTML. name: of its class."""
    return f'<ul class="{name}">{"".join(f"<li>{item}</li>" for item in items)}</ul>'


def heat_table(
    heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], shares: Iterable[Sequence[float]]
) -> str:
    """A table whose cells are the darker the greater their share. rows: of each its name and its cells."""
    lines = [_row("th", heads)]
    for (name, cells), row_shares in zip(rows, shares, strict=True):
        shown = (
            f'<td class="heat" style="--heat: {share:.2f}">{escape(cell)}</td>'
            for cell, share in zip(cells, row_shares, strict=True)
        )
        lines.append(f"<tr><th>{escape(name)}</th>{''.join(shown)}</tr>")
    return _wide(lines)


def texts(heads: Sequence[str], rows: Iterable[Sequence[object]], *, labelled: bool = False) -> str:
    """A table of texts, whose cells stand below each other on a phone: there each behind its head, if labelled."""
    lines = [_row("th", heads), *(_row("td", row, heads if labelled else ()) for row in rows)]
    return f'<table class="texts">{"".join(lines)}</table>'


def _wide(lines: Iterable[str]) -> str:
    return f'<div class="wide"><table>{"".join(lines)}</table></div>'


def _row(tag: str, cells: Iterable[object], heads: Sequence[str] = ()) -> str:
    found = (_cell(tag, str(cell), head) for cell, head in zip_longest(cells, heads, fillvalue=""))
    return f"<tr>{''.join(found)}</tr>"


def _cell(tag: str, text: str, head: str) -> str:
    number = ' class="number"' if text.replace(".", "", 1).isdecimal() else ""
    label = f' data-head="{escape(head)}"' if head else ""
    return f"<{tag}{number}{label}>{escape(text)}</{tag}>"
