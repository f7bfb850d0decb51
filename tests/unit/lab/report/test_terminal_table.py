"""A table on terminals of all widths: it fits, and it cuts no figure."""

import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from locust_asyncdjango.lab.report.terminal_table import TerminalRow, TerminalTable

TABLE = TerminalTable(
    ("", "peak\nreq/s", "users", "failures by kind"),
    [
        TerminalRow(("io_read",), "20 ms latency"),
        TerminalRow(("gunicorn-sync", "12345.6 (!)", "1000", "db_too_many_clients 97\ntimeout 3")),
        TerminalRow(("uvicorn [bold]", "7.5", "-", "none")),
    ],
    words=(0, 3),
    caption=("gone ended (3): [bold]x[/] out of memory",),
)


def printed(width: int, encoding: str = "utf-8") -> list[str]:
    file = io.TextIOWrapper(io.BytesIO(), encoding=encoding, write_through=True)
    Console(file=file, width=width).print(TABLE)
    file.seek(0)
    return file.read().splitlines()


def test_a_wide_terminal_has_a_table() -> None:
    assert [line.rstrip() for line in printed(80) if line.strip()] == [
        "                       peak",
        "                      req/s users failures by kind",
        " " + "\u2500" * 55,
        " io_read                          20 ms latency",
        " gunicorn-sync  12345.6 (!)  1000 db_too_many_clients 97",
        "                                  timeout 3",
        " uvicorn [bold]         7.5     - none",
        "gone ended (3): [bold]x[/] out of memory",
    ]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@pytest.mark.parametrize("width", range(24, 90, 5))
def test_no_figure_is_cut(width: int, encoding: str) -> None:
    lines = printed(width, encoding)
    words = " ".join(lines).split()
    for figure in ("12345.6", "(!)", "1000", "97", "7.5", "3", "20", "(3):", "db_too_many_clients"):
        assert any(word.strip(",") == figure for word in words), lines
    longest_word = max(map(cell_len, words))
    assert max(map(cell_len, lines)) <= max(width, longest_word + 4)


def test_a_narrow_terminal_has_a_list() -> None:
    assert printed(30) == [
        "io_read, 20 ms latency",
        "gunicorn-sync",
        "  peak req/s: 12345.6 (!)",
        "  users: 1000",
        "  failures by kind:",
        "    db_too_many_clients 97,",
        "    timeout 3",
        "uvicorn [bold]",
        "  peak req/s: 7.5",
        "  users: -",
        "  failures by kind: none",
        "gone ended (3): [bold]x[/] out",
        "of memory",
    ]
