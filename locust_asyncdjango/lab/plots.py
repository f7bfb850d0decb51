"""A run's series -> a picture of it: SVG as text, whose colours are the page's."""

from collections.abc import Callable

from locust_asyncdjango.series import Row, Series

WIDTH, HEIGHT = 640, 220
LEFT, RIGHT, TOP, BOTTOM = 44, 52, 12, 34
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM


def timeline(series: Series, title: str) -> str:
    """Successes and failures a second (left axis) and users (right axis) over the seconds of a run."""
    rows = series.rows
    seconds = max(len(rows) - 1, 1)
    per_s = max((max(row.ok, row.failed.total()) for row in rows), default=0) or 1
    users = max((row.users for row in rows), default=0) or 1

    def line(kind: str, value: Callable[[Row], int], top: int) -> str:
        points = " ".join(f"{_x(n, seconds):.1f},{_y(value(row), top):.1f}" for n, row in enumerate(rows))
        return f'<polyline class="{kind}" points="{points}"/>'

    return "\n".join(
        [
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">',
            *(_grid(share, per_s, users) for share in (0.0, 0.5, 1.0)),
            *(_second(round(share * seconds), seconds) for share in (0.0, 0.25, 0.5, 0.75, 1.0)),
            line("users", lambda row: row.users, users),
            line("ok", lambda row: row.ok, per_s),
            line("failed", lambda row: row.failed.total(), per_s),
            "</svg>",
        ]
    )


def _x(second: float, seconds: int) -> float:
    return LEFT + PLOT_WIDTH * second / seconds


def _y(value: float, top: float) -> float:
    return TOP + PLOT_HEIGHT * (1 - value / top)


def _grid(share: float, per_s: int, users: int) -> str:
    y = _y(share, 1)
    return (
        f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{per_s * share:g}</text>'
        f'<text class="of-users" x="{WIDTH - RIGHT + 6}" y="{y + 4:.1f}">{users * share:g}</text>'
    )


def _second(second: int, seconds: int) -> str:
    return f'<text x="{_x(second, seconds):.1f}" y="{HEIGHT - 12}" text-anchor="middle">{second} s</text>'
