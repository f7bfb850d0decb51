"""How the texts of a shape's parameters are read."""

from typing import Any

import pytest
from locust_asyncdjango.shapes import (
    Milliseconds,
    ParameterError,
    Parametrised,
    Plan,
    Seconds,
    Share,
    Stage,
)


class AllKinds(Parametrised):
    """A shape with a parameter of each type."""

    abstract = True

    users: int = 1
    factor: float = 1.0
    pause: Seconds = Seconds(1)
    limit: Milliseconds = Milliseconds(1)
    part: Share = Share(0.1)
    plan: Plan = (Stage(1, 1),)

    def tick(self) -> None:
        """End at once."""


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("users", "12", 12),
        ("factor", "1.5", 1.5),
        ("pause", "90", 90.0),
        ("pause", "1m30s", 90.0),
        ("limit", "0", 0.0),
        ("limit", "500", 500.0),
        ("limit", "500ms", 500.0),
        ("limit", "2s", 2000.0),
        ("part", "0.25", 0.25),
        ("part", "25%", 0.25),
        ("part", "0", 0.0),
        ("plan", "30s:100/1m:100/0:5", (Stage(30, 100), Stage(60, 100), Stage(0, 5))),
    ],
)
def test_valid_texts_are_parsed(name: str, text: str, value: Any) -> None:
    assert getattr(AllKinds(**{name: text}), name) == value


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("users", ("0", "-3", "1.5", "")),
        ("factor", ("0", "-1", "inf", "nan", "much")),
        ("pause", ("long", "")),
        ("limit", ("-1", "soon", "0ms")),
        ("part", ("1.1", "-0.1", "120%", "half")),
        ("plan", ("10:0", "10:-1", "10", "10:5/")),
    ],
)
def test_invalid_texts_are_refused(name: str, texts: tuple[str, ...]) -> None:
    for text in texts:
        with pytest.raises(ParameterError, match=f"^{name}={text} is not "):
            AllKinds(**{name: text})


def test_an_unknown_parameter_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ParameterError) as raised:
        AllKinds(top="9")
    assert str(raised.value) == ("AllKinds has no 'top'; it has peak, rate, users, factor, pause, limit, part, plan")
