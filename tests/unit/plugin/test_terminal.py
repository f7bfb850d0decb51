"""What a terminal shows of a run while it goes on."""

import errno
import logging
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from io import StringIO
from typing import Any

import pytest

from locust_asyncdjango.analysis.saturation import find_saturation
from locust_asyncdjango.failures.counts import FailureRow
from locust_asyncdjango.metrics.interval import Interval
from locust_asyncdjango.plugin.terminal import ASCII_BARS, LiveDisplay, status_line, status_panel
from tests.support.figures import figures, onset

HEADER = {"user_classes": ["IoReadUser"], "host": "http://127.0.0.1:8000", "shape": "RampTo500", "run_time": 180}
KIND = "db_too_many_clients"
SECONDS = [
    Interval(
        t,
        5 * (t + 1),
        10 * t,
        Counter({KIND: 1} if t > 5 else {}),
        p50_ms=20.0 * t if t else None,
        p95_ms=300.0,
        p99_ms=1234.0,
    )
    for t in range(8)
]
FIGURES = figures(28.34, 105, 4210, onset(3, 20), onset(24, 125))
needs_rich = pytest.mark.skipif(
    find_spec("rich") is None, reason="the panel needs rich: pip install 'locust-asyncdjango[report]'"
)
SHOW, HIDE = "\x1b[?25h", "\x1b[?25l"


class Terminal(StringIO):
    """A stdout that says it is one."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class ClosedTerminal(Terminal):
    """A terminal that was closed."""

    def write(self, _: str, /) -> int:
        raise OSError(errno.EIO, "Input/output error")


def failure(kind: str, count: int, advice: str = "") -> FailureRow:
    return FailureRow(kind, "", "message", count, 6, 7, "server", advice)


def no_failures() -> list[FailureRow]:
    return []


def test_a_line_is_wrapped_on_a_narrow_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    terminal = Terminal()
    live = LiveDisplay(terminal, None)
    live.start(HEADER)
    live.tick(10, lambda: SECONDS, no_failures, lambda: FIGURES)
    live.stop()
    assert max(map(len, terminal.getvalue().splitlines())) <= 40
    assert terminal.getvalue().split() == status_line(SECONDS).split()


def tick(live: LiveDisplay, seconds: list[Interval], failures: Callable[[], list[FailureRow]] = no_failures) -> None:
    """At the end of these, of one second each, that began with the run."""
    live.tick(len(seconds), lambda: seconds, failures, lambda: FIGURES)


def printed(width: int = 80, **changed: Any) -> list[str]:
    """Return the lines of a panel with these values."""
    arguments = {"header": HEADER, "intervals": SECONDS, "figures": FIGURES, "failures": [], "width": width, **changed}
    from rich.console import Console

    console = Console(width=width, file=StringIO(), color_system=None)
    console.print(status_panel(**arguments))
    assert isinstance(console.file, StringIO)
    return console.file.getvalue().splitlines()


@pytest.fixture(autouse=True)
def _terminal_that_can_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TTY_COMPATIBLE", "TTY_INTERACTIVE", "FORCE_COLOR", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "80"), ("LINES", "24")):
        monkeypatch.setenv(name, value)


def test_a_line_has_the_means_of_its_seconds() -> None:
    assert status_line(SECONDS) == "   8 s    40 users  35.0 ok/s   0.2 failed/s  p50 100 ms p95 300 ms p99 1.23 s"
    assert status_line(SECONDS[:1]) == "   1 s     5 users   0.0 ok/s   0.0 failed/s  p50      - p95 300 ms p99 1.23 s"


def test_a_line_has_at_most_80_columns() -> None:
    most = Interval(99_998, 99_999, 99_999, Counter(a=99_999), p50_ms=999.4, p95_ms=99_999.0, p99_ms=999_999.0)
    assert status_line([most]) == "99999 s 99999 users 99999 ok/s 99999 failed/s  p50 999 ms p95  100 s p99 1000 s"
    least = Interval(9, 1, 1, p50_ms=0.04, p95_ms=9.94, p99_ms=9.96)
    assert status_line([least]) == "  10 s     1 user    1.0 ok/s   0.0 failed/s  p50 0.0 ms p95 9.9 ms p99  10 ms"


@needs_rich
def test_a_panel_says_all_of_it() -> None:
    failures = [failure(KIND, 2), failure("timeout", 1)]
    assert printed(failures=failures) == [
        "╭─────────────── IoReadUser on http://127.0.0.1:8000, RampTo500 ───────────────╮",
        "│ 8 s of 180 s, 40 users                  last second                last 10 s │",
        "│ successful req/s                               70.0                     35.0 │",
        "│ failed req/s                                    1.0                      0.2 │",
        "│ p50, p95, p99                140 ms, 300 ms, 1.23 s   100 ms, 300 ms, 1.23 s │",
        "│ ok/s ▁▂▃▄▅▆▇█                                                     to 70.0    │",
        "│ p50   ▂▃▄▅▆▇█                                                     to 140 ms  │",
        "│                                                                              │",
        "│ goodput                     none                                             │",
        "│ slowdown starts             at 20 (15-25) users, after 3 s                   │",
        "│ errors start                at 125 (120-130) users, after 24 s               │",
        "│ successes                   4210 (4110-4310)                                 │",
        "│ peak (biased upward)        28.3 (26.9-29.8) req/s at 105 (95-115) users     │",
        "│                                                                              │",
        "│ 2 x db_too_many_clients                                                      │",
        "│ 1 x timeout                                                                  │",
        "│ -> raise max_connections, use a connection pool, or put PgBouncer in front   │",
        "│ of the database                                                              │",
        "╰──────────────────────────────────────────────────────────────────────────────╯",
    ]


@needs_rich
def test_a_panel_of_nothing_yet() -> None:
    header = {**HEADER, "shape": "", "run_time": None}
    lines = printed(header=header, intervals=[], figures=find_saturation(()))
    assert [text.strip("│ ") for text in lines[1:-1]] == [
        "0 s, 0 users                            last second                last 10 s",
        "successful req/s                                0.0                      0.0",
        "failed req/s                                    0.0                      0.0",
        "p50, p95, p99                               -, -, -                  -, -, -",
        "ok/s                                                              to 0.0",
        "p50                                                               to 0.0 ms",
        "",
        "goodput                     none",
        "slowdown starts             not seen",
        "errors start                none",
        "successes                   0",
        "peak (biased upward)        none",
    ]


@needs_rich
def test_a_panel_adds_up_the_messages_of_a_kind_and_the_rarer_kinds() -> None:
    failures = [failure("a", 5, "first"), failure("b", 4), failure("a", 3, "second"), failure("c", 2), failure("d", 1)]
    shown = [text.strip("│ ") for text in printed(failures=failures)[14:-1]]
    assert shown == ["8 x a", "4 x b", "3 of 2 other kinds", "-> first"]


@needs_rich
def test_the_sparklines_are_of_the_last_minute() -> None:
    """Of a long run, whose early seconds stand for several, too."""
    early = Interval(0, 5, 400, length=4, p50_ms=100.0)
    late = [Interval(t, 5, 50, p50_ms=50.0) for t in range(4, 62)]
    assert [text[7:67] for text in printed(intervals=[early, *late])[5:7]] == ["██" + "▅" * 58] * 2
    assert printed(intervals=[early, *late], bars=ASCII_BARS)[5][7:67] == "##" + "=" * 58


@needs_rich
@pytest.mark.parametrize("width", [1, 5, 20, 40, 79, 80, 81, 200])
def test_a_panel_fits_any_terminal(width: int) -> None:
    from rich.cells import cell_len

    many = [
        Interval(t, 10_000, 12_345, Counter(a=1), p50_ms=12_345.0, p95_ms=123_456.0, p99_ms=1e6) for t in range(100)
    ]
    worst = {
        "header": {**HEADER, "user_classes": ["Größe[/b]"] * 40, "host": "http://例え.jp/" * 20},
        "intervals": many,
        "figures": figures(12_345.6, 10_000, 10**9, onset(9, 99_999), onset(9, 99_999)),
        "failures": [failure("x" * n, n, "do this and that " * 50) for n in range(200, 0, -1)],
    }
    lines = printed(width, **worst)
    assert max(map(cell_len, lines)) <= min(width, 80)
    assert len(lines) < 30 or width < 80


@needs_rich
@pytest.mark.parametrize("width", [30, 40, 60, 79])
def test_a_narrow_panel_cuts_no_figure(width: int) -> None:
    shown = " ".join(text.strip("│ ") for text in printed(width, failures=[failure(KIND, 1234)])).split()
    for figure in ("http://127.0.0.1:8000,", "8", "180", "70.0", "1.0", "140", "300", "1.23", "28.3", "(26.9-29.8)"):
        assert figure in shown
    for figure in ("105", "(95-115)", "4210", "(4110-4310)", "20", "(15-25)", "125", "(120-130)", "1234"):
        assert figure in shown


@pytest.mark.parametrize(
    ("mode", "stdout", "panel"),
    [
        pytest.param("", Terminal, True, marks=needs_rich),
        pytest.param("panel", Terminal, True, marks=needs_rich),
        ("lines", Terminal, False),
        ("", StringIO, False),
        ("panel", StringIO, False),  # a cursor in a file would be noise
    ],
)
def test_a_panel_or_lines_are_shown(mode: str, stdout: Callable[[], StringIO], panel: bool) -> None:
    live = LiveDisplay.choose(mode, stdout())
    assert live is not None
    assert live.replaces_tables is panel


def test_live_none_has_no_display() -> None:
    assert LiveDisplay.choose("none", Terminal()) is None


@pytest.mark.parametrize(
    ("mode", "warnings"), [("", []), ("panel", ["Showing lines, not a panel: it needs rich; pip install rich"])]
)
def test_without_rich_there_are_lines(
    mode: str, warnings: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "rich"]:
        monkeypatch.setitem(sys.modules, name, None)
    terminal = Terminal()
    live = LiveDisplay.choose(mode, terminal)
    assert live is not None
    assert not live.replaces_tables
    assert caplog.messages == warnings
    live.start(HEADER)
    tick(live, [Interval(t) for t in range(10)])
    assert terminal.getvalue().startswith("  10 s     0 users")


def test_a_dumb_terminal_has_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    live = LiveDisplay.choose("", Terminal())
    assert live is not None
    assert not live.replaces_tables


def test_a_line_comes_every_ten_seconds_of_those_since_the_one_before() -> None:
    stdout = StringIO()
    live = LiveDisplay.choose("lines", stdout)
    assert live is not None
    seconds = [Interval(t, users=t, ok=t) for t in range(31)]
    tick(live, seconds)
    live.start(HEADER)
    # The ticker was late once.
    for count in (*range(20), 22, *range(23, 32)):
        tick(live, seconds[:count])
    live.stop()
    tick(live, seconds * 2)
    assert stdout.getvalue().splitlines() == [status_line(seconds[:10]), status_line(seconds[10:22])]


@contextmanager
def drawn(monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> Iterator[LiveDisplay]:
    """A panel on a terminal that is stdout and stderr, as is usual."""
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr(sys, "stderr", terminal)
    live = LiveDisplay.choose("panel", terminal)
    assert live is not None
    live.start(HEADER)
    yield live
    live.stop()
    assert (sys.stdout, sys.stderr) == (terminal, terminal)


@needs_rich
def test_a_log_goes_above_the_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    handler = logging.StreamHandler(terminal)
    logger = logging.getLogger("test_live")
    monkeypatch.setattr(logger, "handlers", [handler])
    with drawn(monkeypatch, terminal) as live:
        tick(live, SECONDS, lambda: [failure(KIND, 2)])
        before = len(terminal.getvalue())
        logger.warning("it says [/so]")
        print("and [bold]so")
    above = terminal.getvalue()[before:]
    assert "it says [/so]\n" in above
    assert "and [bold]so\n" in above
    assert above.index("it says") < above.index("╭─") < above.index("and [bold]so")
    assert handler.stream is terminal


@needs_rich
def test_the_cursor_is_shown_again_however_often_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    with drawn(monkeypatch, terminal) as live:
        tick(live, SECONDS)
        assert (terminal.getvalue().count(HIDE), terminal.getvalue().count(SHOW)) == (1, 0)
        live.stop()
        live.stop()
        tick(live, SECONDS)
    assert (terminal.getvalue().count(HIDE), terminal.getvalue().count(SHOW)) == (1, 1)
    assert terminal.getvalue().endswith("\x1b[1A\x1b[2K")  # nothing of the panel is left


def test_what_goes_to_a_file_stays_there(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, file = Terminal(), StringIO()
    monkeypatch.setattr(sys, "stderr", file)
    live = LiveDisplay.choose("panel", terminal)
    assert live is not None
    live.start(HEADER)
    assert sys.stderr is file
    live.stop()


@needs_rich
def test_a_terminal_that_gets_narrower_is_drawn_anew() -> None:
    terminal = Terminal()
    from rich.console import Console

    console = Console(file=terminal, width=100, height=24)
    live = LiveDisplay(terminal, console)
    live.start(HEADER)
    for width, clears in ((100, 0), (90, 0), (60, 1), (3, 2), (100, 2)):
        console.width = width
        tick(live, SECONDS)
        assert terminal.getvalue().count("\x1b[2J") == clears
    live.stop()


@pytest.mark.parametrize("mode", [pytest.param("panel", marks=needs_rich), "lines"])
def test_a_closed_terminal_ends_the_display_but_not_the_run(mode: str, caplog: pytest.LogCaptureFixture) -> None:
    live = LiveDisplay.choose(mode, ClosedTerminal())
    assert live is not None
    live.start(HEADER)
    for _ in range(3):
        tick(live, [Interval(t) for t in range(10)])
    live.stop()
    assert caplog.messages == ["The run goes on, but is not shown any more: [Errno 5] Input/output error"]


@needs_rich
def test_a_terminal_without_utf_8_has_a_panel_too() -> None:
    class Ascii(Terminal):
        encoding = "ascii"

    terminal = Ascii()
    live = LiveDisplay.choose("panel", terminal)
    assert live is not None
    live.start(HEADER)
    tick(live, SECONDS)
    live.stop()
    assert "ok/s" in terminal.getvalue()
    assert terminal.getvalue().isascii()
