"""Texts for terminals of any encoding and width."""

import io
from pathlib import Path

import pytest

from locust_asyncdjango.analysis.terminal_text import shortened, terminal_width, wrapped, write_any_character

TEXT = "Gr\xfc\xdfe \u2026 2 \xd7 5 \xb5s \u2013 \u2264 3 \u2192 \ud800 \U0001f680"


@pytest.mark.parametrize(
    ("encoding", "written"),
    [
        ("ascii", r"Gr\xfc\xdfe ... 2 x 5 us - <= 3 -> \ud800 \U0001f680"),
        ("latin-1", "Gr\xfc\xdfe ... 2 \xd7 5 \xb5s - <= 3 -> \\ud800 \\U0001f680"),
        ("utf-8", "Gr\xfc\xdfe \u2026 2 \xd7 5 \xb5s \u2013 \u2264 3 \u2192 \\ud800 \U0001f680"),
    ],
)
def test_a_stream_writes_what_its_encoding_lacks_as_ascii(encoding: str, written: str) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, write_through=True)
    write_any_character(stream)
    stream.write(TEXT)
    assert raw.getvalue().decode(encoding) == written


def test_other_streams_stay_as_they_are() -> None:
    stream = io.StringIO()
    write_any_character(stream)
    stream.write(TEXT)
    assert stream.getvalue() == TEXT


def test_words_wrap_and_figures_stay_whole() -> None:
    assert wrapped("28.3 (26.9-29.7) req/s", 12, "  ") == ["28.3", "  (26.9-29.7)", "  req/s"]
    assert wrapped("  of a path: /" + "x" * 30, 20) == ["  of a path:", "/" + "x" * 30]
    assert wrapped("", 20) == [""]
    assert (shortened("some words", 10), shortened("some words", 9)) == ("some words", "some...")


@pytest.mark.parametrize(("columns", "width"), [("40", 40), ("1", 20), ("200", 80), ("", 80), ("many", 80)])
def test_the_width_of_the_terminal(columns: str, width: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    with (tmp_path / "no terminal").open("w") as file:
        monkeypatch.setattr("sys.__stdout__", file)
        assert terminal_width() == width
