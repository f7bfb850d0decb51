"""Show a headless run in the terminal while it goes on: a panel that is redrawn each second, or a line every 10 s.

``status_line`` and ``status_panel`` make texts from intervals, figures and failures. ``LiveDisplay`` shows them: its
owner calls ``tick`` once a second, and there are no threads. Rich is imported where it is used: it comes with an extra.
"""

import atexit
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from locust_asyncdjango.analysis.formatting import key_figures
from locust_asyncdjango.analysis.saturation import Saturation
from locust_asyncdjango.analysis.terminal_text import WIDTH, shortened, terminal_width, wrapped, write_any_character
from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.failures.counts import FailureRow
from locust_asyncdjango.failures.normalize import safe_logger
from locust_asyncdjango.metrics.interval import Interval, combine
from locust_asyncdjango.metrics.plural import counted

if TYPE_CHECKING:
    from rich.console import Console
    from rich.panel import Panel

log = safe_logger(__name__)

LEAST_INNER_WIDTH = 10
"""Columns that texts in a panel are wrapped to at least."""
MEAN_S = 10
"""Seconds that a line, and the second column of the panel, averages over."""
BARS, ASCII_BARS = "▁▂▃▄▅▆▇█", "_.-:=+*#"

Header = Mapping[str, Any]
Intervals = Sequence[Interval]
Failures = Sequence[FailureRow]


def status_line(intervals: Intervals) -> str:
    """Return the means of some seconds of a run as one line of at most 80 columns."""
    mean = combine(intervals)
    ok, failed, p50, p95, p99 = _format_measures(mean)
    users = f"{mean.users:5} {'user ' if mean.users == 1 else 'users'}"  # as wide as in the lines above and below
    counts = f"{_end_s(intervals):4} s {users} {ok:>5} ok/s {failed:>5} failed/s"
    return f"{counts}  p50 {p50:>6} p95 {p95:>6} p99 {p99:>6}"


def status_panel(
    header: Header, intervals: Intervals, figures: Saturation, failures: Failures, width: int = WIDTH, bars: str = BARS
) -> "Panel":
    """Return a panel that shows the run so far, in at most 80 columns. Lines are wrapped between words.

    header: of the run's series. intervals: from the first second on. failures: most frequent first. width: columns of
    the terminal. bars: the characters of a sparkline, lowest first.
    """
    from rich.panel import Panel
    from rich.text import Text

    width = min(width, WIDTH)
    inner = max(width - 4, LEAST_INNER_WIDTH)
    title, run = _title_and_run(header, inner)
    kinds, hint = _failure_lines(failures)
    blocks = (
        (_wrapped_lines(run, inner), "bold"),
        (_wrapped_lines(_current_values(header, intervals, 25 if width == WIDTH else max(width - 30, 1)), inner), ""),
        # A minute, if the width allows it: name, scale and border take the other 20 columns.
        (_sparklines(intervals, max(width - 20, 1), bars), "cyan"),
        ([""], ""),
        (_wrapped_lines([figure.line for figure in key_figures(figures)], inner), ""),
        (["", *(shortened(kind, inner) for kind in kinds)] if kinds else (), "red"),
        (wrapped(shortened(hint, 2 * (WIDTH - 4)), inner) if hint else (), ""),
    )
    content = Text("\n", overflow="fold").join(Text(text, style) for texts, style in blocks for text in texts)
    return Panel(content, title=Text(title, "bold") if title else None, width=width, border_style="dim")


def _title_and_run(header: Header, width: int) -> tuple[str, list[str]]:
    """Return the title of the panel, and the lines that say the same within it if the title would be too long."""
    names, where = ", ".join(header["user_classes"]), ", ".join(filter(None, (header["host"], header["shape"])))
    title = f"{names} on {where}"
    return (title, []) if len(title) <= width - 2 else ("", [shortened(names, width), f"on {where}"])


def _wrapped_lines(lines: Iterable[str], width: int) -> list[str]:
    return [part for line in lines for part in wrapped(line, width, "  ")]


class LiveDisplay:
    """Shows a run until it is stopped. If the terminal cannot be written to, the display ends and the run goes on."""

    def __init__(self, stream: IO[str], console: "Console | None") -> None:
        """Prepare a display. console: Rich's, on which a panel is drawn; None to print lines to stream."""
        self._stream, self._console = stream, console
        self.replaces_tables = console is not None
        """Whether Locust's own tables have to be turned off, because they would destroy the panel."""
        self._drawing: _PanelDrawing | None = None
        self._is_on, self._printed_until_s = False, 0

    @classmethod
    def choose(cls, mode: str, stream: IO[str]) -> "LiveDisplay | None":
        """Return the display for a mode of --live; None for "none".

        mode: panel, lines, none, or "" for a panel if stream can show one and lines if it cannot.
        """
        write_any_character(stream)
        console, reason = _panel_console(stream) if mode in ("", "panel") else (None, "")
        if mode == "panel" and reason:
            log.warning("Showing lines, not a panel: %s", reason)
        return None if mode == "none" else cls(stream, console)

    def start(self, header: Header) -> None:
        """Begin to show a run. header: of its series."""
        self.stop()
        self._is_on, self._printed_until_s = True, 0
        atexit.register(self.stop)  # restores the terminal after a sudden end, such as a second Ctrl-C
        with self._stop_on_error():
            self._drawing = _PanelDrawing(self._console, header) if self._console else None

    def tick(
        self,
        now_s: int,
        intervals: Callable[[], Intervals],
        failures: Callable[[], Failures],
        figures: Callable[[], Saturation],
    ) -> None:
        """Show the run as it is now. Call it once a second.

        now_s: seconds since the start. intervals, failures, figures: return those of the run so far; called only if
        they are needed.
        """
        with self._stop_on_error():
            if self._drawing:
                self._drawing.redraw(intervals(), failures(), figures())
            elif self._is_on and now_s >= self._printed_until_s + MEAN_S:
                latest = [each for each in intervals() if each.t >= self._printed_until_s]
                width = terminal_width() if self._stream.isatty() else WIDTH
                print(*wrapped(status_line(latest), width, "  "), sep="\n", file=self._stream, flush=True)
                self._printed_until_s = now_s

    def stop(self) -> None:
        """Stop showing the run, and leave the terminal as it was. A second call does nothing."""
        atexit.unregister(self.stop)
        self._is_on, drawing, self._drawing = False, self._drawing, None
        if drawing:
            with self._stop_on_error():
                drawing.close()

    @contextmanager
    def _stop_on_error(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:  # the terminal was closed, or cannot encode a character
            if self._is_on:
                self.stop()
                log.warning("The run goes on, but is not shown any more: %s", error)


class _PanelDrawing:
    """The panel on a terminal. Each second it is redrawn in the same place. Logs and prints appear above it."""

    def __init__(self, console: "Console", header: Header) -> None:
        from rich.live import Live

        self._console, self._header, self._width = console, header, 0
        before = sys.stdout, sys.stderr
        # What goes to a file (2>) still does. Transient, because the summary shows the figures again at the end.
        redirected = {"redirect_stdout": sys.stdout.isatty(), "redirect_stderr": sys.stderr.isatty()}
        options: Any = {"auto_refresh": False, "transient": True, **redirected}
        self._live = Live(console=console, **options)
        self._live.start()
        # Log handlers still write to the stderr of the time when Locust set up its log, and would destroy the panel.
        loggers = (logging.root, *logging.root.manager.loggerDict.values())
        handlers = [handler for logger in loggers for handler in getattr(logger, "handlers", ())]
        printing = [handler for handler in handlers if isinstance(handler, logging.StreamHandler)]
        self._redirected = [(handler, handler.stream) for handler in printing if handler.stream in before]
        for handler, stream in self._redirected:
            handler.setStream(sys.stdout if stream is before[0] else sys.stderr)

    def redraw(self, intervals: Intervals, failures: Failures, figures: Saturation) -> None:
        """Draw the panel anew over the one before."""
        from rich.console import Group

        before, self._width = self._width, min(self._console.width, WIDTH)
        if self._width < before:
            # The terminal has wrapped the lines of the old panel. How many lines there are now is not known.
            self._console.clear()
        bars = ASCII_BARS if self._console.options.ascii_only else BARS
        panel = status_panel(self._header, intervals, figures, failures, self._width, bars)
        # An empty line is for the cursor, where a terminal may echo ^C.
        self._live.update(Group(panel, ""), refresh=True)

    def close(self) -> None:
        """Remove the panel, and give the log handlers their streams back."""
        for handler, stream in self._redirected:
            handler.setStream(stream)
        # Without this, Rich would leave the upper lines of a panel that is higher than the terminal.
        self._live.update("")
        self._live.stop()


def _panel_console(stream: IO[str]) -> tuple["Console | None", str]:
    """Return a console that can draw a panel on a stream and "", or None and the reason why there can be no panel."""
    try:
        from rich.console import Console
    except ImportError:
        return None, "it needs rich; pip install rich"
    console = Console(file=stream, markup=False, highlight=False, emoji=False)
    can_draw = stream.isatty() and console.is_terminal and console.is_interactive
    return (console, "") if can_draw else (None, "its output is not a terminal that can be drawn on")


def _current_values(header: Header, intervals: Intervals, column: int) -> Iterator[str]:
    """Yield the lines with the values of the last second and, on a wide terminal, the means of the last ten.

    column: width of a column. On a terminal narrower than 80 columns there is room for one column only.
    """
    known = intervals or [Interval(0)]
    last, mean = combine(known[-1:]), combine(known[-MEAN_S:])
    length = f" of {header['run_time']:g} s" if header["run_time"] else ""
    (ok, failed, *latencies), (mean_ok, mean_failed, *means) = _format_measures(last), _format_measures(mean)
    rows = (
        (f"{_end_s(intervals)} s{length}, {counted(last.users, 'user')}", "last second", f"last {MEAN_S} s"),
        ("successful req/s", ok, mean_ok),
        ("failed req/s", failed, mean_failed),
        ("p50, p95, p99", ", ".join(latencies), ", ".join(means)),
    )
    for name, now, average in rows:
        yield f"{name:26}{now:>{column}}" + (f"{average:>25}" if column == 25 else "")


def _sparklines(intervals: Intervals, width: int, bars: str) -> Iterator[str]:
    # In a long run an interval may stand for several seconds.
    each_s = [interval for interval in intervals[-width:] for _ in range(interval.length)][-width:]
    rates, medians = [interval.ok / interval.length for interval in each_s], [interval.p50_ms for interval in each_s]
    for name, values, formatted in (("ok/s", rates, "{:.1f}".format), ("p50 ", medians, _format_ms)):
        top = max(filter(None, values), default=0.0)
        heights = (None if value is None else value / (top or 1) * (len(bars) - 1) for value in values)
        drawn = "".join(" " if height is None else bars[round(height)] for height in heights)
        yield f"{name} {drawn:{width}} to {formatted(top)}"


def _failure_lines(rows: Failures) -> tuple[list[str], str]:
    """Return a line for each kind, and the advice on the most frequent one."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row.kind] += row.count
    kinds = counts.most_common()
    shown = 3 if len(kinds) <= 3 else 2
    lines, others = [f"{count} x {kind}" for kind, count in kinds[:shown]], kinds[shown:]
    lines += [f"{sum(count for _, count in others)} of {counted(len(others), 'other kind')}"] if others else []
    worst = next((row for row in rows if row.kind == kinds[0][0]), None)
    return lines, f"-> {worst.advice or advice(worst.kind, worst.where)}" if worst else ""


def _end_s(intervals: Intervals) -> int:
    return intervals[-1].t + intervals[-1].length if intervals else 0


def _format_measures(interval: Interval) -> list[str]:
    """Return successful and failed requests a second (five characters at most), and p50, p95 and p99 (six at most)."""
    rates = [count / interval.length for count in (interval.ok, interval.failures)]
    latencies = map(_format_ms, (interval.p50_ms, interval.p95_ms, interval.p99_ms))
    return [*(f"{rate:.1f}" if rate < 999.95 else f"{rate:.0f}" for rate in rates), *latencies]


def _format_ms(ms: float | None) -> str:
    if ms is None or ms < 999.5:
        return "-" if ms is None else f"{ms:.0f} ms" if ms >= 9.95 else f"{ms:.1f} ms"
    return f"{ms / 1000:.2f}"[:4].rstrip(".") + " s"
