"""The tracebacks that the probe writes to the log of the server."""

import sys

import pytest

from locust_asyncdjango.probe.hooks.tracebacks import (
    LINE_LIMIT,
    LINES_LIMIT,
    PLACES_LIMIT,
    TracebackLog,
    format_failure,
)
from locust_asyncdjango.probe.protocol import LOG_MARGIN


def raised(text: str = "no") -> ValueError:
    """Return an exception that was raised in a file."""
    try:
        exec(compile(f"raise ValueError({text!r})", "shop.py", "exec"))  # noqa: S102
    except ValueError as error:
        return error
    raise AssertionError


def test_the_first_failure_of_a_place_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    log = TracebackLog()
    assert (log.write(raised("one")), log.write(raised("another"))) == (True, True)
    heading, *lines = capsys.readouterr().err.splitlines()
    assert heading.startswith("locust-asyncdjango: the first failure of this kind at ")
    assert lines[0] == f"{LOG_MARGIN}Traceback (most recent call last):"
    assert [line for line in lines if "ValueError" in line and "File" not in line][-1] == f"{LOG_MARGIN}ValueError: one"
    assert all(line.startswith(LOG_MARGIN) for line in lines)


def test_a_few_are_written_in_all(capsys: pytest.CaptureFixture[str]) -> None:
    log = TracebackLog()
    kinds = [type(f"Kind{number}", (Exception,), {}) for number in range(PLACES_LIMIT + 5)]
    assert [log.write(kind()) for kind in kinds] == [True] * PLACES_LIMIT + [False] * 5
    assert log.write(kinds[0]())
    assert capsys.readouterr().err.count("the first failure") == PLACES_LIMIT


def test_a_standard_error_that_is_closed_is_no_failure_of_the_response(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert TracebackLog().write(raised())


def test_no_line_is_cut_in_the_middle() -> None:
    text = format_failure(raised(f"short\n{'s3cret ' * LINE_LIMIT}\nlast"), "shop.py:1")
    assert text.splitlines()[-3:] == [
        f"{LOG_MARGIN}ValueError: short",
        f"{LOG_MARGIN}... a line of {7 * LINE_LIMIT} characters ...",
        f"{LOG_MARGIN}last",
    ]


def test_of_a_long_traceback_the_middle_is_left_out() -> None:
    lines = format_failure(raised("\n".join(map(str, range(10_000)))), "").splitlines()
    assert len(lines) == LINES_LIMIT + 2
    assert lines[0] == "locust-asyncdjango: the first failure of this kind at an unknown place"
    assert "lines are left out" in lines[LINES_LIMIT // 2 + 1]
    assert lines[-1] == f"{LOG_MARGIN}9999"
