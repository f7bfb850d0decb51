"""Options of ``run``: their flags, help, and values from text and TOML."""

from dataclasses import dataclass
from typing import Any

import pytest

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.options import (
    Option,
    declared_options,
    duration_of,
    names,
    option,
    seconds_of,
    whole_number,
    whole_numbers,
)


@dataclass(frozen=True)
class Declaring:
    """Options, and a field that is none."""

    servers: tuple[str, ...] = option((), names, "names of servers", group="what", metavar="SERVER,...")
    other: int = 1
    latencies_ms: tuple[int, ...] = option((0, 5), whole_numbers, "milliseconds", name="latency_ms")
    until_decided: bool = option(default=False, parse=bool, help_text="stop early")
    posts: int = option(1000, whole_number, "posts", default_text="a thousand", short="-p")


SERVERS, LATENCY, UNTIL_DECIDED, POSTS = declared_options(Declaring)


def test_options_are_fields_in_their_order() -> None:
    assert [(each.name, each.field, each.flag) for each in declared_options(Declaring)] == [
        ("servers", "servers", "--servers"),
        ("latency_ms", "latencies_ms", "--latency-ms"),
        ("until_decided", "until_decided", "--until-decided"),
        ("posts", "posts", "--posts"),
    ]
    assert Declaring() == Declaring((), 1, (0, 5), until_decided=False, posts=1000)


def test_the_default_stands_behind_the_help() -> None:
    assert [each.full_help for each in declared_options(Declaring)] == [
        "names of servers",
        "milliseconds (default: 0,5)",
        "stop early",
        "posts (default: a thousand)",
    ]


@pytest.mark.parametrize(
    ("declared", "value", "wanted"),
    [
        (SERVERS, "a, b", ("a", "b")),
        (SERVERS, ["a", "b"], ("a", "b")),
        (LATENCY, [0, 100], (0, 100)),
        (LATENCY, 7, (7,)),
        (POSTS, "12", 12),
        (UNTIL_DECIDED, True, True),
    ],
)
def test_a_key_of_a_file_has_the_value_of_the_flag(declared: Option, value: object, wanted: Any) -> None:
    assert declared.from_toml(value) == wanted


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        (UNTIL_DECIDED, "yes", "until_decided must be true or false"),
        (POSTS, True, "posts must be a text, a whole number or a list of these"),
        (POSTS, {}, "posts must be a text, a whole number or a list of these"),
        (POSTS, [1, 2], "posts = '1,2' is not a whole number"),
        (LATENCY, "far", "latency_ms = 'far' is not a list of whole numbers, separated by commas"),
    ],
)
def test_a_value_that_a_key_cannot_have(declared: Option, value: object, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        declared.from_toml(value)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("40s", 40),
        ("3m", 180),
        ("1h30m", 5400),
        ("1h2m3s", 3723),
        ("", None),
        ("soon", None),
        ("-3m", None),
    ],
)
def test_durations_are_read_as_locust_reads_them(text: str, seconds: int | None) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (40, "40s"), (690, "11m30s"), (3600, "1h"), (3601, "1h1s")])
def test_a_duration_is_written_as_it_is_read(seconds: int, text: str) -> None:
    assert duration_of(seconds) == text
    assert seconds_of(text) == seconds
