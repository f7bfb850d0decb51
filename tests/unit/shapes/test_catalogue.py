"""The catalogue's shapes by a clock that the test turns, and how one is chosen."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from locust import LoadTestShape
from locust.util.load_locustfile import load_locustfile
from locust_asyncdjango.shapes import CATALOGUE, Parametrised, Planned, RampTo500, Seconds, Stage

from locust_asyncdjango.load.shape_registry import (
    ShapeError,
    catalogue_classes,
    create_shape,
    describe_catalogue,
    draw_levels,
    planned_users,
    shape_conclusions,
)

SHAPES = Path(__file__).parents[3] / "shapes"


class Planless(Planned):
    """Fails when it is asked for its plan."""

    abstract = True

    def stages(self, peak: int, rate: float) -> list[Stage]:  # noqa: ARG002
        return [Stage(peak / 0, 1)]


class Broken(LoadTestShape):
    """Fails when it is made."""

    abstract = True

    def __init__(self) -> None:
        len(5)  # type: ignore[arg-type]

    def tick(self) -> None:
        """Never comes to it."""


def clocked(shape: Planned, now: float, running: int = 0, **options: Any) -> Planned:
    """The shape at a time, with Locust's options and so many users."""
    given = SimpleNamespace(**{"num_users": None, "spawn_rate": None, "run_time": None, **options})
    shape.runner = SimpleNamespace(user_count=running, environment=SimpleNamespace(parsed_options=given))  # type: ignore[assignment]
    shape.get_run_time = lambda: now  # type: ignore[method-assign]
    return shape


def named(text: str) -> Planned:
    return cast("Planned", create_shape(text))


@pytest.mark.parametrize(
    ("now", "running", "target"),
    [
        (0.0, 0, (5, 5.0)),
        (1.0, 5, (10, 5.0)),
        (98.0, 490, (495, 5.0)),
        (99.0, 495, (500, 5.0)),
        (179.9, 500, (500, 5.0)),
        (180.0, 500, None),
        (10.0, 20, (55, 35.0)),  # ticks were missed: what is lacking comes at once
        (110.0, 520, (500, 20.0)),  # and what is too many goes at once
    ],
)
def test_by_the_book(now: float, running: int, target: tuple[int, float] | None) -> None:
    assert clocked(RampTo500(), now, running).tick() == target


@pytest.mark.parametrize(
    ("now", "running", "target"),
    [(0.0, 0, (22, 22.0)), (5.0, 110, (120, 22.0)), (39.9, 120, (120, 22.0)), (40.0, 120, None)],
)
def test_cap_rate_and_length_from_the_command_line(now: float, running: int, target: tuple[int, float] | None) -> None:
    assert clocked(RampTo500(), now, running, num_users=120, spawn_rate=22.0, run_time=40).tick() == target


def test_the_published_ramp_takes_three_minutes_whatever_its_cap_and_rate() -> None:
    assert [clocked(RampTo500(), 0, num_users=n, spawn_rate=5).run_time for n in (5, 500, 5000)] == [180] * 3
    assert clocked(RampTo500(), 178, num_users=5000, spawn_rate=5.0).tick() == (895, 895.0)
    assert clocked(RampTo500(), 179.5, num_users=5000, spawn_rate=5.0, running=897).tick() == (902, 5.0)
    assert clocked(RampTo500(), 199, spawn_rate=1.0, run_time=600, running=199).tick() == (200, 1.0)


def test_what_a_web_form_may_send_is_the_shapes_own() -> None:
    shape = clocked(RampTo500(), 1, num_users=-5, spawn_rate=-5.0, run_time=0)
    assert (shape.tick(), shape.run_time) == ((10, 10.0), 180)


def test_users_at_once_for_as_long_as_is_asked() -> None:
    assert clocked(named("Stages:plan=0s:50"), 100, running=50, run_time=300).tick() == (50, 1.0)


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


def test_a_rate_below_one_user_a_second() -> None:
    targets = [clocked(RampTo500(), now, spawn_rate=0.5).tick() for now in (0.0, 1.0, 2.0, 3.0, 4.0)]
    assert [target[0] for target in targets if target] == [1, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("text", "length", "users"),
    [
        ("RampTo500", 180, {0: 0, 1: 5, 50: 250, 100: 500, 179: 500}),
        ("RampTo100:length=40", 40, {9: 90, 10: 100, 39: 100}),
        ("RampTo100", 30, {1: 10, 9: 90, 10: 100, 29: 100}),
        ("Ramp:peak=1000,rate=10,hold=1m", 160, {1: 10, 99: 990, 100: 1000, 159: 1000}),
        ("Steps:peak=100,levels=4,rate=25,hold=30", 124, {1: 25, 30: 25, 32: 50, 61: 50, 63: 75, 123: 100}),
        (
            "Spike:peak=210,base=10,rate=100,before=30,hold=20,after=60",
            114.1,
            {1: 10, 30: 10, 33: 210, 52: 210, 55: 10},
        ),
        ("Soak", 3610, {10: 50, 3600: 50}),
        ("RampDown:peak=100,rate=10,hold=10", 30, {5: 50, 15: 100, 25: 50, 29: 10, 30: 0}),
        (
            "Sawtooth:peak=110,base=10,teeth=2,rate=10,rest=9,drop=1",
            41,
            {1: 10, 10: 10, 15: 60, 20: 110, 21: 10, 30: 10},
        ),
        ("Stages:plan=10s:100/1m:100/5s:0", 75, {1: 10, 5: 50, 10: 100, 69: 100, 74: 20}),
    ],
)
def test_what_is_planned(text: str, length: float, users: dict[int, int]) -> None:
    shape = named(text)
    assert shape.run_time == pytest.approx(length)
    assert {t: shape.users_at(t) for t in users} == users


def test_a_plan_of_stages_is_scaled_to_the_users_asked_for() -> None:
    shape = clocked(named("Stages:plan=10s:100/10s:20"), 9.0, num_users=50)
    assert shape.effective_stages() == [Stage(10, 50), Stage(10, 10)]
    assert shape.tick() == (50, 41.0 + 9)


PLANNED = [shape for shape in CATALOGUE if issubclass(shape, Planned)]


@pytest.mark.parametrize("shape", PLANNED, ids=lambda shape: shape.__name__)
def test_the_last_tick_is_at_the_end(shape: Callable[[], Planned]) -> None:
    length = shape().run_time
    assert clocked(shape(), length - 0.01).tick() is not None
    assert clocked(shape(), length).tick() is None
    assert clocked(shape(), 5, run_time=5).tick() is None
    assert clocked(shape(), length + 10, run_time=length + 11).tick() is not None


@given(
    st.sampled_from([shape for shape in PLANNED if not shape.is_open]),
    st.integers(1, 2000),
    st.floats(0.1, 500),
    st.floats(0, 4000),
)
def test_no_more_users_than_the_peak_and_none_is_missed(
    shape: Callable[[], Planned], peak: int, rate: float, now: float
) -> None:
    made = clocked(shape(), now, num_users=peak, spawn_rate=rate, run_time=4001)
    target = made.tick()
    assert target is not None
    users, per_s = target
    assert 0 <= users <= peak
    assert per_s >= users


def test_what_is_annotated_in_a_shape_of_ones_own_is_a_parameter() -> None:
    class Blink(Planned):
        on: Seconds = Seconds(3)
        peak = 7

        def stages(self, peak: int, rate: float) -> list[Stage]:  # noqa: ARG002
            return [Stage(0, peak), Stage(self.on, peak)]

    assert Blink(on="5s").effective_stages() == [Stage(0, 7), Stage(5, 7)]
    assert [*Blink.parameters()] == ["peak", "rate", "on"]
    assert clocked(Blink(), 0.0).tick() == (7, 7.0)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Nope", "there is no shape 'Nope'; choose one of ArrivalRate, Breakpoint, Ramp, "),
        ("Ramp:top=9", "Ramp has no 'top'; it has peak, rate, hold"),
        ("Ramp:peak=0", "peak=0 is not a whole number above 0"),
        ("Ramp:rate=nan", "rate=nan is not a number above 0"),
        ("Ramp:hold=long", "hold=long is not a length such as 60 or 1m30s"),
        ("Ramp:peak", "'peak' is no parameter of a shape; write Ramp:peak=1000,hold=60"),
        ("Ramp:peak=9,peak=8", "peak is given twice"),
        ("Ramp:peak=9,rate", "'rate' is no parameter of a shape; write NAME:peak=1000,hold=60"),
        ("Ramp peak=9", "'Ramp peak=9' is no shape; write NAME, NAME:peak=1000,hold=60 or module:Class"),
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
def test_what_cannot_be_chosen_is_told_in_one_line(text: str, error: str) -> None:
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
    assert named("my_own_shapes:Mine").run_time == 67
    assert named("my_own_shapes:Mine:rate=7").run_time == 70


def test_the_catalogue_shows_what_can_be_typed() -> None:
    blocks = describe_catalogue().split("\n\n")
    assert len(blocks) == len(CATALOGUE)
    for block in blocks:
        assert create_shape(block.split("\n")[0])
        assert "#" in block
    assert draw_levels([0.01, 0.6, 1]) == "  #\n  #\n ##\n ##\n###"


@pytest.mark.parametrize("name", catalogue_classes())
def test_each_file_is_a_locustfile_of_its_own(name: str) -> None:
    """And what is imported into a locustfile does not run by itself."""
    files = {
        shape.__name__: path
        for path in SHAPES.glob("[!_]*.py")
        for shape in CATALOGUE
        if shape.__module__.endswith(f".{path.stem}")
    }
    users, shapes = load_locustfile(str(files[name]))
    assert (users, [type(shape).__name__ for shape in shapes]) == ({}, [name])
    assert getattr(catalogue_classes()[name], "abstract") is True  # noqa: B009
