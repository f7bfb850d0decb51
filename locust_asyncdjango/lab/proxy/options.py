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
    """The command line. upstream is the path of a Unix socket where it is a str."""

    listen: Address
    upstream: Address | str
    control: Address | None
    toxics: Toxics


class ProxyParser(argparse.ArgumentParser):
    """Raises UsageError."""

    def error(self, message: str) -> NoReturn:
        """One line, and where to read on."""
        raise UsageError(f"{message} (see --help)")


def parse_options(arguments: Sequence[str] | None) -> Options:
    """Raises UsageError."""
    flags = ProxyParser(prog="python -m locust_asyncdjango.lab.proxy", description=DESCRIPTION, allow_abbrev=False)
    flags.add_argument("--listen", metavar="HOST:PORT", default="127.0.0.1:0", help="(default: %(default)s)")
    flags.add_argument("--upstream", metavar="HOST:PORT|unix:/PATH", required=True, help="where connections lead")
    flags.add_argument("--control", metavar="HOST:PORT", help="settings by HTTP (default: none)")
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
    """A path for unix:/path. Raises UsageError."""
    if not text.startswith(UNIX):
        return parse_address(text, min_port=1)
    path = text.removeprefix(UNIX)
    if not path or "\0" in path:
        raise UsageError(f"{text!r} names no Unix socket; say unix:/path")
    return path


def parse_address(text: str, min_port: int = 0) -> Address:
    """Host and port of HOST:PORT or [HOST]:PORT. Raises UsageError."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
    if not (colon and host and port.isascii() and port.isdecimal() and min_port <= int(port[:6]) < 65536):
        raise UsageError(f"{text!r} is no address; say HOST:PORT, with a port from {min_port} to 65535")
    return host, int(port)
