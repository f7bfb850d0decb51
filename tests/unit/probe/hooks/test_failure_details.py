"""What the lab learns about an exception where it asks."""

import json
from pathlib import Path

import pytest

from locust_asyncdjango.probe.hooks.failure_details import UNREADABLE, describe_details, place_of
from locust_asyncdjango.probe.protocol import CUT, DETAIL_LIMIT, FailureDetails


class UnreadableError(Exception):
    def __str__(self) -> str:
        raise RuntimeError


class ChainedError(Exception):
    def __init__(self, text: str, cause: BaseException | None = None, context: BaseException | None = None) -> None:
        super().__init__(text)
        self.__cause__, self.__context__ = cause, context
        self.__suppress_context__ = cause is not None


CHAINED = f"{__name__}.ChainedError"


@pytest.mark.parametrize(
    ("error", "details"),
    [
        pytest.param(ValueError("no such author"), FailureDetails("ValueError", "no such author"), id="a message"),
        pytest.param(ValueError(), FailureDetails("ValueError"), id="none"),
        pytest.param(UnreadableError(), FailureDetails(f"{__name__}.UnreadableError", UNREADABLE), id="one that fails"),
        pytest.param(
            ChainedError("no author", cause=ChainedError("no row", context=KeyError("tom"))),
            FailureDetails(CHAINED, "no author", "", "KeyError", "'tom'"),
            id="the innermost cause",
        ),
        pytest.param(
            ChainedError("no", cause=OSError("no")), FailureDetails(CHAINED, "no"), id="a cause that says the same"
        ),
    ],
)
def test_the_message_and_that_of_the_cause(error: BaseException, details: FailureDetails) -> None:
    assert describe_details(error, has_traceback=False) == details
    assert describe_details(error, has_traceback=True) == details._replace(traceback="yes")


def raised_in(file: str, statement: str) -> BaseException:
    """Return the exception of a statement in the second line of a file."""
    try:
        exec(compile(f"\n{statement}", file, "exec"), {"json": json})  # noqa: S102
    except ValueError as error:
        error.__traceback__ = error.__traceback__ and error.__traceback__.tb_next  # without this function
        return error
    raise AssertionError


def test_the_place_is_the_innermost_line_of_the_project(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    own = str(tmp_path / "app" / "views.py")
    packages = tmp_path / "venv" / "site-packages"
    monkeypatch.syspath_prepend(str(packages))
    assert place_of(raised_in(own, "raise ValueError")) == "app/views.py:2"
    assert place_of(raised_in(own, "json.loads('{')")) == "app/views.py:2"
    assert place_of(raised_in(str(packages / "shop" / "urls.py"), "raise ValueError")) == "shop/urls.py:2"
    assert place_of(raised_in("<string>", "raise ValueError")) == "<string>:2"
    assert place_of(ValueError()) == ""


def test_of_a_long_place_the_end_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / ("é" * 200) / "views.py"
    place = place_of(raised_in(str(file), "raise ValueError"))
    assert (place[0], place[-12:], len(place)) == (CUT, "é/views.py:2"[-12:], DETAIL_LIMIT // 4 + 1)
