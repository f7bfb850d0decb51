"""Draw lines as an SVG chart for the docs, with colours that can be read on light and on dark pages.

Written by hand: the charts are two or three lines with axes. A plotting library for them alone would be too much.
"""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, log10

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 30, 40
"""Margins around the lines."""
COLOURS = ("#98a2b3", "#2f7ed8", "#d9480f")
GREY = "#808897"
Points = Sequence[tuple[float, float]]


def svg_chart(title: str, x_label: str, y_label: str, lines: Mapping[str, Points]) -> str:
    """Return an SVG document. Both axes begin at 0. lines: points by name; they get COLOURS in this order."""
    max_x = max(point[0] for points in lines.values() for point in points) or 1
    max_y = (max(point[1] for points in lines.values() for point in points) or 1) * 1.05

    def place(point: tuple[float, float]) -> str:
        x = LEFT + point[0] / max_x * (WIDTH - LEFT - RIGHT)
        y = HEIGHT - BOTTOM - point[1] / max_y * (HEIGHT - TOP - BOTTOM)
        return f"{x:.1f},{y:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' font-family="sans-serif" font-size="11" fill="{GREY}"><title>{escape(title)}</title>'
    ]
    for value in ticks(max_y):
        _, y = place((0, value)).split(",")
        parts.append(f'<path d="M{LEFT} {y}H{WIDTH - RIGHT}" stroke="{GREY}" stroke-opacity=".3"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{y}" dy="4" text-anchor="end">{value:g}</text>')
    for value in ticks(max_x):
        x, _ = place((value, 0)).split(",")
        parts.append(f'<text x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{value:g}</text>')
    for points, colour in zip(lines.values(), COLOURS, strict=False):
        coordinates = " ".join(map(place, points))
        parts.append(f'<polyline points="{coordinates}" fill="none" stroke="{colour}" stroke-width="2"/>')
    parts.append(_legend(lines))
    parts.append(f'<text x="{WIDTH - RIGHT}" y="16" text-anchor="end">{escape(y_label)}</text>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{escape(x_label)}</text></svg>\n')
    return "\n".join(parts)


def _legend(names: Mapping[str, Points]) -> str:
    left, texts = LEFT, []
    for name, colour in zip(names, COLOURS, strict=False):
        texts.append(f'<text x="{left}" y="16" fill="{colour}" font-weight="bold">{escape(name)}</text>')
        left += 8 * len(name) + 16
    return "\n".join(texts)


def ticks(maximum: float) -> list[float]:
    """Return about five round numbers from 0 up to the maximum."""
    rough = maximum / 5
    step = 10 ** ceil(log10(rough))
    step = next(part for part in (step / 5, step / 2, step) if part >= rough)
    return [n * step for n in range(int(maximum / step) + 1)]
