"""Lines -> an SVG for the docs, which is seen on light and on dark pages."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, log10

WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 30, 40
COLOURS = ("#98a2b3", "#2f7ed8", "#d9480f")
GREY = "#808897"
Points = Sequence[tuple[float, float]]


def chart(title: str, x: str, y: str, lines: Mapping[str, Points]) -> str:
    """x, y: what the axes show, from 0. lines: points by name, in the order of COLOURS."""
    most_x = max(point[0] for points in lines.values() for point in points) or 1
    most_y = (max(point[1] for points in lines.values() for point in points) or 1) * 1.05

    def place(point: tuple[float, float]) -> str:
        across = LEFT + point[0] / most_x * (WIDTH - LEFT - RIGHT)
        down = HEIGHT - BOTTOM - point[1] / most_y * (HEIGHT - TOP - BOTTOM)
        return f"{across:.1f},{down:.1f}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
        f' font-family="sans-serif" font-size="11" fill="{GREY}"><title>{escape(title)}</title>'
    ]
    for value in ticks(most_y):
        _, down = place((0, value)).split(",")
        parts.append(f'<path d="M{LEFT} {down}H{WIDTH - RIGHT}" stroke="{GREY}" stroke-opacity=".3"/>')
        parts.append(f'<text x="{LEFT - 6}" y="{down}" dy="4" text-anchor="end">{value:g}</text>')
    for value in ticks(most_x):
        across, _ = place((value, 0)).split(",")
        parts.append(f'<text x="{across}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{value:g}</text>')
    for points, colour in zip(lines.values(), COLOURS, strict=False):
        drawn = " ".join(map(place, points))
        parts.append(f'<polyline points="{drawn}" fill="none" stroke="{colour}" stroke-width="2"/>')
    begin = LEFT
    for name, colour in zip(lines, COLOURS, strict=False):
        parts.append(f'<text x="{begin}" y="16" fill="{colour}" font-weight="bold">{escape(name)}</text>')
        begin += 8 * len(name) + 16
    parts.append(f'<text x="{WIDTH - RIGHT}" y="16" text-anchor="end">{escape(y)}</text>')
    parts.append(f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 6}" text-anchor="end">{escape(x)}</text></svg>\n')
    return "\n".join(parts)


def ticks(most: float) -> list[float]:
    """Round numbers from 0, about five of them."""
    rough = most / 5
    step = 10 ** ceil(log10(rough))
    step = next(part for part in (step / 5, step / 2, step) if part >= rough)
    return [n * step for n in range(int(most / step) + 1)]
