"""The command line of the proxy."""

import pytest

from locust_asyncdjango.lab.proxy import __main__
from locust_asyncdjango.lab.proxy.options import Options, parse_options
from locust_asyncdjango.lab.proxy.toxics import (
    Link,
    Toxics,
)

UPSTREAM = ("--upstream", "127.0.0.1:80")


def test_flags_are_the_settings() -> None:
    flags = ["--latency-ms=20", "--jitter=normal", "--upstream-kb-per-s=1e3", "--reset-after-ms=0"]
    options = parse_options(["--listen=[::1]:0", "--control=localhost:81", "--upstream=unix:/run/db", *flags])
    toxics = Toxics(Link(20, jitter="normal"), Link(kb_per_s=1000), reset_after_ms=0)
    assert options == Options(("::1", 0), "/run/db", ("localhost", 81), toxics)
    assert parse_options(UPSTREAM) == Options(("127.0.0.1", 0), ("127.0.0.1", 80), None, Toxics())


@pytest.mark.parametrize(
    "arguments",
    [
        (),  # no upstream
        ("--upstream", "127.0.0.1"),
        ("--upstream", ":80"),
        ("--upstream", "127.0.0.1:0"),  # nothing can be there
        ("--upstream", "127.0.0.1:65536"),
        ("--upstream", "127.0.0.1:-1"),
        ("--upstream", "127.0.0.1:" + "9" * 5000),
        ("--upstream", "unix:"),
        ("--upstream", "unix:/a\0b"),
        (*UPSTREAM, "--listen", "nonsense"),
        (*UPSTREAM, "--control", ""),
        (*UPSTREAM, "--latency-ms", "x"),
        (*UPSTREAM, "--latency-ms"),
        (*UPSTREAM, "--latency", "1"),  # no abbreviations
        (*UPSTREAM, "more"),
    ],
)
def test_wrong_flags_are_reported_in_one_line(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert __main__.main(arguments) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("proxy: error: ")
    assert output.err.count("\n") == 1
