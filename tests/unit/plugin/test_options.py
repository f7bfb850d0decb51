"""Our flags in Locust's parser."""

import argparse

import pytest
from locust.argument_parser import get_empty_argument_parser, setup_parser_arguments

from locust_asyncdjango.analysis.conditions.objective import parse_objective
from locust_asyncdjango.plugin.options import Options, add_options
from tests.support.programs import NO_SUCH_SHAPE


def parse(*arguments: str) -> argparse.Namespace:
    parser = get_empty_argument_parser()
    setup_parser_arguments(parser)
    add_options(parser)
    parsed: argparse.Namespace = parser.parse_args(["-f", "x.py", *arguments])
    return parsed


def test_flags_are_read() -> None:
    parsed = parse("--shape", "RampTo500", "--path", "/posts/", "--variant", "async", "--series", "out.jsonl")
    assert Options.from_parsed(parsed) == Options(
        shape="RampTo500", path="/posts/", variant="async", series=("out.jsonl",)
    )


def test_a_report_keeps_what_it_is_made_of() -> None:
    options = Options.from_parsed(parse("--report", "out/run.html", "--series", "run.csv"))
    assert options.series == ("run.csv", "out/run.series.jsonl")
    assert options.failures == "out/run.failures.json"
    named = Options.from_parsed(parse("--report", "run.html", "--series", "mine.jsonl", "--failures", "mine.json"))
    assert (named.series, named.failures) == (("mine.jsonl",), "mine.json")


def test_an_objective_is_read() -> None:
    options = Options.from_parsed(parse("--objective", "p95<=300ms, failures<=0.1%"))
    assert options == Options(objective=parse_objective("p95 <= 300ms and failures <= 0.1%"))


def test_flags_that_are_not_set_are_empty() -> None:
    assert Options.from_parsed(parse()) == Options.from_parsed(None) == Options()


def test_environment_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_SHAPE", "RampTo500")
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_PATH", "/x/")
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_VARIANT", "sync")
    monkeypatch.setenv("LOCUST_ASYNCDJANGO_SERIES", "s.jsonl")
    assert Options.from_parsed(parse()) == Options(shape="RampTo500", path="/x/", variant="sync", series=("s.jsonl",))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--shape", "Nope"), NO_SUCH_SHAPE),
        (("--path", "posts/"), "argument --path: 'posts/' is not a path; begin it with /"),
        (
            ("--objective", "p95>1s"),
            "argument --objective: 'p95>1s': an objective says what must hold; write p95<=..., as in p95<=1s",
        ),
        (("--live", "all"), "argument --live: 'all' is not one of panel, lines, none"),
        (
            ("--variant", "../x"),
            "argument --variant: '../x' is not a variant's name; use letters, digits and _, as in sync",
        ),
    ],
)
def test_a_wrong_value_is_one_line_and_exit_code_2(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as exit_:
        parse(*arguments)
    assert exit_.value.code == 2
    error = capsys.readouterr().err
    assert error.endswith(f"error: {message}\n")
    assert error.count("\n") == 1
