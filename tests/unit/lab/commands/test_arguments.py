"""Flags and values that commands share."""

import argparse

import pytest

from locust_asyncdjango.lab.commands.arguments import Parser, add_options, add_service_options, parse_share
from locust_asyncdjango.lab.experiment.options import Option, whole_number

OPTIONS = (
    Option(str, "a text of 10%", "none", name="some_text", short="-s"),
    Option(whole_number, "a number", 1, name="number", group="numbers", metavar="N"),
    Option(bool, "a switch", default=False, name="switch"),
)


@pytest.fixture
def parser() -> Parser:
    parser = Parser(prog="tested")
    add_options(parser, OPTIONS)
    return parser


def test_only_flags_that_are_there_get_a_value(parser: Parser) -> None:
    assert vars(parser.parse_args([])) == {}
    assert vars(parser.parse_args(["-s", "x", "--number", "2"])) == {"some_text": "x", "number": 2}
    assert vars(parser.parse_args(["--switch"])) == {"switch": True}
    assert vars(parser.parse_args(["--no-switch"])) == {"switch": False}


def test_help_has_a_heading_for_each_group(parser: Parser) -> None:
    text = parser.format_help()
    assert "a text of 10% (default: none)" in text
    assert text.index("options:") < text.index("numbers:") < text.rindex("--number N")


@pytest.mark.parametrize("arguments", [["--number", "many"], ["--numb", "2"], ["--unknown"]])
def test_an_error_is_one_line(parser: Parser, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exit_:
        parser.parse_args(arguments)
    (line,) = capsys.readouterr().err.splitlines()
    assert exit_.value.code == 2
    assert line.startswith("tested: error: ")
    assert line.endswith(" (see tested --help)")


def test_a_command_takes_one_number_for_an_option_of_run_that_takes_several() -> None:
    parser = Parser(prog="tested")
    add_service_options(parser, posts=5)
    assert vars(parser.parse_args([])) == {"posts": 5, "max_connections": 100, "latency_ms": 0}
    assert vars(parser.parse_args(["--latency-ms", "7"])) == {"posts": 5, "max_connections": 100, "latency_ms": 7}
    with pytest.raises(SystemExit):
        parser.parse_args(["--latency-ms", "7,8"])
    text = " ".join(parser.format_help().split())
    assert "--posts N posts in the database (default: 5)" in text
    assert "--max-connections N connection limit of the lab's own database (default: 100)" in text


@pytest.mark.parametrize(("text", "wanted"), [("10%", 0.1), ("0.25", 0.25), ("0", 0.0)])
def test_a_share_is_parsed(text: str, wanted: float) -> None:
    assert parse_share(text) == wanted


@pytest.mark.parametrize("text", ["-1", "much", "nan", "%"])
def test_texts_that_are_no_share_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=rf"^'{text}' is not a share, such as 10% or 0\.1$"):
        parse_share(text)


@pytest.mark.parametrize("text", ["1", "1.5", "200%", "inf"])
def test_a_share_is_below_all(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=rf"^'{text}' must be below 100 %, such as 10% or 0\.1$"):
        parse_share(text)
