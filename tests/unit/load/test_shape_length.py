"""The program that prints how long a load takes."""

import pytest

from locust_asyncdjango.load.shape_length import main


@pytest.mark.parametrize(
    ("arguments", "printed"),
    [
        ("--shape RampTo500", "180.0\n"),
        ("--shape RampTo500 -t 1m30s", "90\n"),
        ("--shape Steps:peak=10,rate=10,levels=2,hold=5", "11.0\n"),  # two steps, each climbed in half a second
        ("--shape Breakpoint", "\n"),  # ends when it has found one
    ],
)
def test_the_length_is_printed_in_seconds(arguments: str, printed: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments.split()) == 0
    assert capsys.readouterr() == (printed, "")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ("--shape Nope", "there is no shape 'Nope'; choose one of ArrivalRate, Breakpoint,"),
        ("--shape RampTo500 -t soon", "Invalid time span format."),
        ("--shape RampTo500 -u many", "invalid literal for int() with base 10: 'many'"),
    ],
)
def test_a_load_that_locust_would_refuse_is_refused_in_one_line(
    arguments: str, reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments.split()) == 2
    output = capsys.readouterr()
    assert (output.out, output.err.count("\n")) == ("", 1)
    assert output.err.startswith(reason)
