"""The proxy's command line, read into one frozen object."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.proxy.toxics import (
    JITTERS,
    SETTINGS,
    Toxics,
    with_settings,
)

DESCRIPTION = (
    "A TCP proxy that delays, throttles and breaks connections. It prints a JSON object with its addresses when it is"
    " ready, and ends with exit code 0 on SIGTERM and SIGINT. At the control address, GET / returns the settings, and"
    " PATCH / with a JSON object changes those named in it."
)
UNIX = "unix:"
Address = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Options:
    """The command line.

    listen: where clients connect; with port 0 the system chooses one.
    upstream: where their connections lead to: host and port, or the path of a Unix socket.
    control: where the settings are served by HTTP; None for nowhere.
    toxics: the settings that new connections start with.
    """

    listen: Address
    upstream: Address | str
    control: Address | None
    toxics: Toxics


class ProxyParser(argparse.ArgumentParser):
    """A parser that raises UsageError where argparse would end the process."""

    def error(self, message: str) -> NoReturn:
        """Raise UsageError with the message in one line, and with where to read more."""
        raise UsageError(f"{message} (see --help)")


def parse_options(arguments: Sequence[str] | None) -> Options:
    """Return the options of a command line; None for that of this process. Raise UsageError for flags with errors."""
    flags = ProxyParser(prog="python -m locust_asyncdjango.lab.proxy", description=DESCRIPTION, allow_abbrev=False)
    flags.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:0", help="(default: %(default)s)")
    flags.add_argument("--upstream", metavar="HOST:PORT|unix:/PATH", required=True, help="where connections lead to")
    flags.add_argument("--control", metavar="HOST:PORT", help="serve the settings by HTTP here (default: nowhere)")
    for name in SETTINGS:
        metavar = "|".join(JITTERS) if name.endswith("jitter") else "N"
        flags.add_argument(f"--{name.replace('_', '-')}", metavar=metavar, default=argparse.SUPPRESS)
    options = vars(flags.parse_args(arguments))
    return Options(
        parse_address(options.pop("listen")),
        upstream_address(options.pop("upstream")),
        parse_address(control) if (control := options.pop("control")) is not None else None,
        with_settings(Toxics(), options),
    )


def upstream_address(text: str) -> Address | str:
    """Return host and port, or the path in unix:/path. Raise UsageError for any other text."""
    if not text.startswith(UNIX):
        return parse_address(text, min_port=1)
    path = text.removeprefix(UNIX)
    if not path or "\0" in path:
        raise UsageError(f"{text!r} names no Unix socket; write unix:/path")
    return path


def parse_address(text: str, min_port: int = 0) -> Address:
    """Return host and port of HOST:PORT or [HOST]:PORT. Raise UsageError for any other text."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not (colon and host and port.isascii() and port.isdecimal() and min_port <= int(port[:6]) < 65536):
        raise UsageError(f"{text!r} is not an address; write HOST:PORT, with a port from {min_port} to 65535")
    return host, int(port)
