"""What a terminal shows of a headless run while it goes on: seconds, figures and failures -> a line, or a panel.

Rich is imported where it is used, since it comes with an extra. There are no threads: the owner of a LiveDisplay calls
``tick``.
"""

import atexit
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from textwrap import wrap
from typing import IO, TYPE_CHECKING, Any

from locust_asyncdjango.analysis.formatting import key_figures
from locust_asyncdjango.analysis.saturation import Saturation, find_saturation
from locust_asyncdjango.failures.classify import advice
from locust_asyncdjango.failures.counts import FailureRow
from locust_asyncdjango.metrics.interval import Interval, combine

if TYPE_CHECKING:
    from rich.console import Console
    from rich.panel import Panel

log = logging.getLogger(__name__)

WIDTH = 80
MEAN_S = 10
"""What a line, and the panel's second column, is the mean of."""
FIGURES_S = 300
"""So many let a second pass between two looks for their figures: of an hour, one takes 25 ms, and no user goes on."""
BARS, ASCII_BARS = "▁▂▃▄▅▆▇█", "_.-:=+*#"

Header = Mapping[str, Any]
Seconds = Sequence[Interval]
Failures = Sequence[FailureRow]


def line(seconds: Seconds) -> str:
    """The means of some seconds of a run, in 80 columns."""
    mean = combine(seconds)
    ok, failed, p50, p95, p99 = _told(mean)
    counts = f"{_end(seconds):4} s {mean.users:5} users {ok:>5} ok/s {failed:>5} failed/s"
    return f"{counts}  p50 {p50:>6} p95 {p95:>6} p99 {p99:>6}"


def panel(
    header: Header, seconds: Seconds, figures: Saturation, failures: Failures, width: int = WIDTH, bars: str = BARS
) -> "Panel":
    """A run so far, in at most 80 columns and 19 lines.

    header: a series'. seconds: from the first. failures: most frequent first. width: a terminal's. bars: lowest first.
    """
    from rich.panel import Panel
    from rich.text import Text

    width = min(width, WIDTH)
    named = ", ".join(filter(None, (f"{', '.join(header['user_classes'])} on {header['host']}", header["shape"])))
    title = Text(named, "bold")
    title.truncate(max(width - 6, 1), overflow="ellipsis")  # a longer one would widen the panel
    kinds, todo = _failures(failures)
    blocks = (
        (_now(header, seconds, 25 if width == WIDTH else max(width - 30, 1)), ""),
        # A minute, where there is room for it beside name, scale and border.
        (_sparklines(seconds, max(width - 20, 1), bars), "cyan"),
        ([""], ""),
        ([number.line for number in key_figures(figures)], ""),
        (["", *kinds] if kinds else (), "red"),
        (wrap(todo, max(width, 30) - 4, max_lines=2, placeholder="..."), ""),
    )
    newline = Text("\n", no_wrap=True, overflow="ellipsis")
    content = newline.join(Text(text, style) for texts, style in blocks for text in texts)
    return Panel(content, title=title, width=width, border_style="dim")


class LiveDisplay:
    """Shows a run until it is stopped. A terminal that cannot be written to ends the showing, never the run."""

    def __init__(self, stdout: IO[str], console: "Console | None") -> None:
        self._stdout, self._console = stdout, console
        self.replaces_tables = console is not None
        """Whether Locust's own tables would be in its way."""
        self._drawn: _Drawn | None = None
        self._up, self._told_s = False, 0

    @classmethod
    def choose(cls, how: str, stdout: IO[str]) -> "LiveDisplay | None":
        """how: panel, lines, none, or "" for what fits stdout best. Where no panel can be drawn, lines are printed."""
        console, missing = _console(stdout) if how in ("", "panel") else (None, "")
        if how == "panel" and missing:
            log.warning("Showing lines, not a panel: %s", missing)
        return None if how == "none" else cls(stdout, console)

    def start(self, header: Header) -> None:
        """Begins to show a run. header: its series'."""
        self.stop()
        self._up, self._told_s = True, 0
        atexit.register(self.stop)  # for an end that nobody foresaw, as by a second Ctrl-C
        with self._safely():
            self._drawn = _Drawn(self._console, header) if self._console else None

    def tick(self, now_s: int, seconds: Callable[[], Seconds], failures: Callable[[], Failures]) -> None:
        """Shows the run as it is now; called once a second.

        now_s: seconds since the start. seconds: from the first. failures: most frequent first.
        """
        with self._safely():
            if self._drawn:
                self._drawn.again(seconds(), failures())
            elif self._up and now_s >= self._told_s + MEAN_S:
                print(line([each for each in seconds() if each.t >= self._told_s]), file=self._stdout, flush=True)
                self._told_s = now_s

    def stop(self) -> None:
        """Leaves the terminal as it was; a second call does nothing."""
        atexit.unregister(self.stop)
        self._up, drawn, self._drawn = False, self._drawn, None
        if drawn:
            with self._safely():
                drawn.end()

    @contextmanager
    def _safely(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:  # the terminal is gone, or cannot encode what it is given
            if self._up:
                self.stop()
                log.warning("The run goes on, but is not shown any more: %s", error)


class _Drawn:
    """The panel on a terminal, which is drawn over the one before it; logs and prints go above it."""

    def __init__(self, console: "Console", header: Header) -> None:
        from rich.live import Live as Drawing

        self._console, self._header, self._width = console, header, 0
        self._figures, self._figures_s = find_saturation(()), 0
        before = sys.stdout, sys.stderr
        # What 2> sends to a file is to stay there. Transient, since the summary has the figures again.
        given: Any = {"auto_refresh": False, "transient": True, "redirect_stderr": sys.stderr.isatty()}
        self._drawing = Drawing(console=console, **given)
        self._drawing.start()
        # Handlers keep the stderr that there was when Locust set up its log, and would print into the panel.
        loggers = (logging.root, *logging.root.manager.loggerDict.values())
        handlers = [handler for logger in loggers for handler in getattr(logger, "handlers", ())]
        printing = [handler for handler in handlers if isinstance(handler, logging.StreamHandler)]
        self._moved = [(handler, handler.stream) for handler in printing if handler.stream in before]
        for handler, stream in self._moved:
            handler.setStream(sys.stdout if stream is before[0] else sys.stderr)

    def again(self, seconds: Seconds, failures: Failures) -> None:
        from rich.console import Group

        if _end(seconds) - self._figures_s >= len(seconds) / FIGURES_S:
            self._figures, self._figures_s = find_saturation(seconds), _end(seconds)
        before, self._width = self._width, min(self._console.width, WIDTH)
        if self._width < before:
            # The terminal has folded the lines of the panel that is there; into how many, only it knows.
            self._console.clear()
        bars = ASCII_BARS if self._console.options.ascii_only else BARS
        shown = panel(self._header, seconds, self._figures, failures, self._width, bars)
        # The cursor has a line of its own, where a terminal may echo ^C.
        self._drawing.update(Group(shown, ""), refresh=True)

    def end(self) -> None:
        for handler, stream in self._moved:
            handler.setStream(stream)
        # Of a panel that is higher than the terminal, Rich would leave the upper lines behind.
        self._drawing.update("")
        self._drawing.stop()


def _console(stdout: IO[str]) -> tuple["Console | None", str]:
    """What draws a panel on stdout; or why there can be none."""
    try:
        from rich.console import Console
    except ImportError:
        return None, "it needs rich; pip install rich"
    console = Console(file=stdout, markup=False, highlight=False, emoji=False)
    can = stdout.isatty() and console.is_terminal and console.is_interactive
    return (console, "") if can else (None, "stdout is not a terminal that can be drawn on")


def _now(header: Header, seconds: Seconds, column: int) -> Iterator[str]:
    """column: how wide one is. Where they are narrower than on a wide terminal, there is room for one of the two."""
    seen = seconds or [Interval(0)]
    last, mean = combine(seen[-1:]), combine(seen[-MEAN_S:])
    length = f" of {header['run_time']:g} s" if header["run_time"] else ""
    (ok, failed, *latencies), (mean_ok, mean_failed, *means) = _told(last), _told(mean)
    rows = (
        (f"{_end(seconds)} s{length}, {last.users} users", "last second", f"last {MEAN_S} s"),
        ("successful req/s", ok, mean_ok),
        ("failed req/s", failed, mean_failed),
        ("p50, p95, p99", ", ".join(latencies), ", ".join(means)),
    )
    for name, now, before in rows:
        yield f"{name:26}{now:>{column}}" + (f"{before:>25}" if column == 25 else "")


def _sparklines(seconds: Seconds, width: int, bars: str) -> Iterator[str]:
    # In a long run, an early one is longer than a second.
    each = [second for second in seconds[-width:] for _ in range(second.length)][-width:]
    rates, medians = [second.ok / second.length for second in each], [second.p50_ms for second in each]
    for name, values, told in (("ok/s", rates, "{:.1f}".format), ("p50 ", medians, _ms)):
        top = max(filter(None, values), default=0.0)
        scaled = (None if value is None else value / (top or 1) * (len(bars) - 1) for value in values)
        drawn = "".join(" " if height is None else bars[round(height)] for height in scaled)
        yield f"{name} {drawn:{width}} to {told(top)}"


def _failures(rows: Failures) -> tuple[list[str], str]:
    """A line a kind, and what to do about the most frequent one."""
    counts: Counter[str] = Counter()
    for row in rows:
        counts[row.kind] += row.count
    kinds = counts.most_common()
    shown = 3 if len(kinds) <= 3 else 2
    lines, others = [f"{count} x {kind}" for kind, count in kinds[:shown]], kinds[shown:]
    lines += [f"{sum(count for _, count in others)} of {len(others)} other kinds"] if others else []
    worst = next((row for row in rows if row.kind == kinds[0][0]), None)
    return lines, f"-> {worst.advice or advice(worst.kind, worst.where)}" if worst else ""


def _end(seconds: Seconds) -> int:
    return seconds[-1].t + seconds[-1].length if seconds else 0


def _told(second: Interval) -> list[str]:
    """Successful and failed requests a second in at most five characters each, p50, p95 and p99 in six."""
    rates = [count / second.length for count in (second.ok, second.failures)]
    latencies = map(_ms, (second.p50_ms, second.p95_ms, second.p99_ms))
    return [*(f"{rate:.1f}" if rate < 999.95 else f"{rate:.0f}" for rate in rates), *latencies]


def _ms(ms: float | None) -> str:
    if ms is None or ms < 999.5:
        return "-" if ms is None else f"{ms:.0f} ms" if ms >= 9.95 else f"{ms:.1f} ms"
    return f"{ms / 1000:.2f}"[:4].rstrip(".") + " s"
