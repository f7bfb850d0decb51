"""The shapes of the catalogue: what each plans, and that each file works by itself."""

import re
from collections.abc import Callable
from inspect import getdoc
from pathlib import Path

import pytest
from locust.util.load_locustfile import load_locustfile
from locust_asyncdjango.shapes import CATALOGUE, Parametrised, RampTo500, Stage

from locust_asyncdjango.load.shape_registry import catalogue_classes, create_shape
from tests.support.timed_shapes import at_time, create_planned

SHAPES = Path(__file__).parents[3] / "shapes"


def test_the_published_ramp_takes_three_minutes_whatever_its_cap_and_rate() -> None:
    assert [at_time(RampTo500(), 0, num_users=n, spawn_rate=5).run_time for n in (5, 500, 5000)] == [180] * 3
    assert at_time(RampTo500(), 178, num_users=5000, spawn_rate=5.0).tick() == (895, 895.0)
    assert at_time(RampTo500(), 179.5, num_users=5000, spawn_rate=5.0, running=897).tick() == (902, 5.0)
    assert at_time(RampTo500(), 199, spawn_rate=1.0, run_time=600, running=199).tick() == (200, 1.0)


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
def test_each_shape_plans_its_users(text: str, length: float, users: dict[int, int]) -> None:
    shape = create_planned(text)
    assert shape.run_time == pytest.approx(length)
    assert {t: shape.users_at(t) for t in users} == users


def test_a_plan_of_stages_is_scaled_to_the_users_of_the_command_line() -> None:
    shape = at_time(create_planned("Stages:plan=10s:100/10s:20"), 9.0, num_users=50)
    assert shape.effective_stages() == [Stage(10, 50), Stage(10, 10)]
    assert shape.tick() == (50, 41.0 + 9)


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


@pytest.mark.parametrize("shape", CATALOGUE, ids=lambda shape: shape.__name__)
def test_help_names_each_parameter_with_its_default_and_shows_a_command(shape: Callable[[], Parametrised]) -> None:
    made, text = shape(), getdoc(shape) or ""
    for name in made.parameters():
        value = getattr(made, name)
        assert re.search(rf"^    {name}: .*", text, re.MULTILINE), name
        if isinstance(value, (int, float)):
            described = re.split(r"\n    \w+: |\n\n", text.split(f"\n    {name}: ")[1])[0]
            assert f"({value:g})" in described, name
    example = re.search(r"--shape ([^ `]+)", text)
    assert example, "there is no example"
    assert type(create_shape(example[1])) is shape
