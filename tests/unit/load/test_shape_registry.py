"""How a shape is chosen by a text, how the catalogue is described, and what is read from a shape."""

from pathlib import Path

import pytest
from locust import LoadTestShape
from locust_asyncdjango.shapes import CATALOGUE, Parametrised, Planned, Stage

from locust_asyncdjango.load.shape_registry import (
    ShapeError,
    create_shape,
    describe_catalogue,
    draw_levels,
    planned_rate,
    planned_users,
    shape_conclusions,
)
from tests.support.timed_shapes import at_time, create_planned


class Planless(Planned):
    """Raises when its plan is computed."""

    abstract = True

    def stages(self, peak: int, rate: float) -> list[Stage]:  # noqa: ARG002
        return [Stage(peak / 0, 1)]


class Broken(LoadTestShape):
    """Raises when an object of it is made."""

    abstract = True

    def __init__(self) -> None:
        len(5)  # type: ignore[arg-type]

    def tick(self) -> None:
        """Is never called in these tests."""


def test_a_shape_of_ones_own_need_not_say_what_it_plans() -> None:
    class Mine(Parametrised):
        def tick(self) -> tuple[int, float]:
            return 7, 7

    class Plain(LoadTestShape):
        conclusions = False

        def tick(self) -> tuple[int, float]:
            return 7, 7

    assert (planned_users(Mine()), shape_conclusions(Mine())) == (None, ())
    assert (planned_users(Plain()), shape_conclusions(Plain())) == (None, ())  # type: ignore[no-untyped-call]


def test_only_an_open_shape_plans_a_rate_of_requests() -> None:
    shape = create_planned("ArrivalRate:rate=100,climb=10")
    assert planned_rate(at_time(shape, 5)) == pytest.approx(50, abs=1)
    assert planned_rate(at_time(shape, 30)) == 100
    assert planned_rate(at_time(shape, 12), delay_s=7) == pytest.approx(50, abs=1)
    assert (planned_rate(create_planned("Ramp")), planned_rate(None)) == (None, None)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Nope", "there is no shape 'Nope'; choose one of ArrivalRate, Breakpoint, Ramp, "),
        ("Ramp:top=9", "Ramp has no 'top'; it has peak, rate, hold"),
        ("Ramp:peak=0", "peak=0 is not a whole number above 0"),
        ("Ramp:rate=nan", "rate=nan is not a number above 0"),
        ("Ramp:hold=long", "hold=long is not a length such as 60 or 1m30s"),
        ("Ramp:peak", "'peak' is not a parameter of a shape; write Ramp:peak=1000,hold=60"),
        ("Ramp:peak=9,peak=8", "peak is given twice"),
        ("Ramp:peak=9,rate", "'rate' is not a parameter of a shape; write NAME:peak=1000,hold=60"),
        ("Ramp peak=9", "'Ramp peak=9' is not a shape; write NAME, NAME:peak=1000,hold=60 or module:Class"),
        ("Stages:plan=9:0", "plan=9:0 is not stages such as 30s:100/1m:100/10s:0, each"),
        ("Stages:peak=9", "Stages has no 'peak'; it has plan"),
        ("nowhere_at_all:Mine", "nowhere_at_all cannot be imported for the shape nowhere_at_all:Mine: ModuleNotFound"),
        ("Breakpoint:p95=soon", "p95=soon is not a latency such as 500ms or 2s"),
        ("Breakpoint:failed=2", "failed=2 is not a share such as 0.01 or 1%"),
        ("json:JSONDecoder", "json has no class JSONDecoder that derives from locust.LoadTestShape"),
        ("locust:LoadTestShape:peak=9", "locust:LoadTestShape takes no parameters; only shapes that derive from "),
        ("locust:LoadTestShape", "locust:LoadTestShape is an abstract base class; derive from it"),
        (f"{__name__}:Planless", f"{__name__}:Planless cannot be made: ZeroDivisionError('division by zero')"),
        (f"{__name__}:Broken", f"{__name__}:Broken cannot be made: TypeError(\"object of type 'int' has no len()\")"),
    ],
)
def test_a_choice_that_is_not_possible_is_explained_in_one_line(text: str, error: str) -> None:
    with pytest.raises(ShapeError) as raised:
        create_shape(text)
    assert str(raised.value).startswith(error)
    assert "\n" not in str(raised.value)


def test_a_shape_of_ones_own_is_named_with_its_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own_shapes.py").write_text(
        "from locust_asyncdjango.shapes import Ramp\nclass Mine(Ramp):\n    peak = 70\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    assert create_planned("my_own_shapes:Mine").run_time == 67
    assert create_planned("my_own_shapes:Mine:rate=7").run_time == 70


def test_the_catalogue_shows_what_can_be_typed() -> None:
    blocks = describe_catalogue().split("\n\n")
    assert len(blocks) == len(CATALOGUE)
    for block in blocks:
        assert create_shape(block.split("\n")[0])
        assert "#" in block
    assert draw_levels([0.01, 0.6, 1]) == "  #\n  #\n ##\n ##\n###"
