"""Standard JSON, and dataclasses made of it."""

import json
from dataclasses import asdict, dataclass
from typing import Any

import pytest

from locust_asyncdjango.metrics.strict_json import dumps, loads, number, read_dataclass, read_value, whole_number


@dataclass(frozen=True)
class Part:
    """A part of a Whole."""

    name: str
    limits: tuple[float, float] = (0.0, 1.0)


@dataclass(frozen=True)
class Whole:
    """A dataclass with a member of every type that files of ours have."""

    count: int
    share: float
    is_on: bool
    part: Part
    other: Part | None = None
    parts: tuple[Part, ...] = ()
    names: tuple[str, ...] = ()
    counts: dict[str, int] | None = None
    anything: Any = None


WHOLE = Whole(
    count=3,
    share=0.5,
    is_on=True,
    part=Part("a"),
    parts=(Part("b", (2.0, 3.0)),),
    names=("x",),
    counts={"y": 1},
    anything=[{"z": None}],
)


def test_a_dataclass_is_read_as_it_was_written() -> None:
    assert read_dataclass(Whole, loads(dumps(asdict(WHOLE)))) == WHOLE
    least = {"count": 1, "share": 2, "is_on": False, "part": {"name": ""}}
    assert read_dataclass(Whole, least) == Whole(count=1, share=2.0, is_on=False, part=Part(""))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": True}, "count is True, not a whole number of something"),
        ({"count": 1.0}, "count is 1.0, not a whole number of something"),
        ({"count": -1}, "count is -1, not a whole number of something"),
        ({"share": float("nan")}, "share is nan, not a number of something"),
        ({"share": "1"}, "share is '1', not a number of something"),
        ({"is_on": 1}, "is_on is 1, not true or false"),
        ({"part": None}, "part is None, not an object"),
        ({"part": {}}, "part.name is missing"),
        ({"part": {"name": "a", "limits": [1]}}, "part.limits is [1], not a list of 2"),
        ({"parts": [{"name": 1}]}, "parts[0].name is 1, not a text"),
        ({"names": "x"}, "names is 'x', not a list"),
        ({"counts": {"y": "1"}}, "counts.y is '1', not a whole number of something"),
        ({"more": 1}, "'more' is not known"),
    ],
)
def test_a_member_that_is_wrong_is_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=r"\w") as raised:
        read_dataclass(Whole, {**asdict(WHOLE), **changes})
    assert str(raised.value) == message


@pytest.mark.parametrize(
    "text",
    [
        *("NaN", "[Infinity]", '{"a": -Infinity}', "1e999", "1" * 5000, '{"a": 1, "a": 2}', "[" * 100_000, "", "[] []"),
        *(b"\xff", "\ufeff[]", "[1,]", "\x00"),
    ],
    ids=lambda text: repr(text[:20]),
)
def test_what_is_not_standard_json_is_refused(text: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        loads(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_nan_and_infinity_are_not_written(value: Any) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        dumps(value)


def test_json_is_one_line_without_an_indent() -> None:
    content = {"a": [1, 2.5, None], "b": "\ud800"}
    assert dumps(content) == '{"a":[1,2.5,null],"b":"\\ud800"}'
    assert dumps(content, indent=1) == json.dumps(content, indent=1)


@pytest.mark.parametrize("value", [10**15 + 1, 10**400, True, None, "1"])
def test_a_number_has_bounds(value: Any) -> None:
    for check in (whole_number, number):
        with pytest.raises(ValueError, match=r"not a (whole )?number of something"):
            check(value)


def test_a_type_that_json_cannot_have_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="which JSON cannot be"):
        read_value(bytes, b"", "it")
