"""The parts of the command line: its parser, groups of flags, and the values that flags take."""

import argparse
from pathlib import Path
from typing import Any, NoReturn

from locust_asyncdjango.lab.environment.servers import PUBLISHED, SERVERS
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.presets import PRESETS
from locust_asyncdjango.lab.experiment.spec import DEFAULT_MAX_CONNECTIONS, Arm, arm
from locust_asyncdjango.routes import ROUTES

DEFAULT_POSTS = 1_000_000
DEFAULT_POSTS_OF_SERVICES = 1000


class Parser(argparse.ArgumentParser):
    """Tells what is wrong in one line, and takes a flag by its whole name only: so it is the key of a file too."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        """Exit code 2, and where to read on."""
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def add_what_is_reported(reporting: argparse.ArgumentParser) -> None:
    """What report takes."""
    reporting.add_argument(
        "made_of", type=Path, metavar="SERIES", help="what Locust wrote with --series, or a results folder of run"
    )
    reporting.add_argument("--failures", type=Path, metavar="FILE", help="what --failures has written in the same run")
    reporting.add_argument("--output", type=Path, metavar="FILE", help="default: SERIES with .html for its ending")


def add_what_is_compared(comparing: argparse.ArgumentParser) -> None:
    """What compare takes."""
    for name in ("before", "after"):
        comparing.add_argument(name, type=Path, metavar=name.upper(), help="a results folder of run")
    comparing.add_argument(
        "--tolerate",
        type=share,
        default=0.1,
        metavar="SHARE",
        help="how much less an arm may carry, such as 10%% or 0.1; more ends with exit code 3 (default: 10%%)",
    )
    comparing.add_argument("--output", type=Path, metavar="FILE", help="HTML to write; beside it come .md and .json")


def add_what_to_measure(measuring: argparse.ArgumentParser) -> None:
    """What run alone takes."""
    measuring.add_argument(
        "experiment", nargs="?", type=Path, metavar="FILE", help="a TOML file with these flags and servers of your own"
    )
    measuring.add_argument(
        "--resume", type=Path, metavar="DIR", help="go on with a results folder whose run was stopped"
    )
    measuring.add_argument("--routes", type=names, default=tuple(ROUTES), help=f"of {','.join(ROUTES)} (default: all)")
    measuring.add_argument(
        "--servers",
        type=names,
        default=(),
        help=f"of {','.join(SERVERS)}, or all that are installed (default: {','.join(PUBLISHED)}, and your own)",
    )
    measuring.add_argument(
        "--arms",
        type=arms,
        default=(),
        metavar="ARM,...",
        help="what is compared, in place of servers x variants x limits: SERVER/VARIANT@MAX_CONNECTIONS, the last two"
        " as you like",
    )
    measuring.add_argument(
        "--variants", type=names, default=(), help="names, or all that fit a server (default: the natural one)"
    )
    add_repeats(measuring)
    measuring.add_argument(
        "--pin",
        default="auto",
        metavar="CORES",
        help="processors of generator, server and services, such as 0:1-2:3; off, or auto: from 4 processors on",
    )
    measuring.add_argument("--dry-run", action="store_true", help="print what would be run and how long it takes")
    measuring.add_argument("--output", type=Path, help="the results folder (default: results/<date and time>)")


def add_load(measuring: argparse.ArgumentParser) -> None:
    """How hard run measures, and how long."""
    measuring.add_argument(
        "--preset",
        choices=PRESETS,
        default="",
        help="a load by name, in place of the file's: quick takes seconds a trial",
    )
    measuring.add_argument("--shape", default="RampTo500", help="Locust load shape (default: %(default)s)")
    measuring.add_argument("-u", "--users", default="", help="the shape's cap, in users")
    measuring.add_argument("-r", "--spawn-rate", default="", help="the shape's rate, in users a second")
    measuring.add_argument("-t", "--run-time", default="", help="the shape's length, such as 40s or 3m")


def add_repeats(measuring: argparse.ArgumentParser) -> None:
    """How often run measures."""
    measuring.add_argument(
        "--repeats", type=int, default=1, metavar="N", help="how often each is run, in reversed orders (default: 1)"
    )
    measuring.add_argument(
        "--a-a-pairs",
        type=int,
        metavar="N",
        help="so often the first is run twice beforehand: the noise (default: 1 with repeats, else 0)",
    )
    measuring.add_argument(
        "--until-decided",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="repeat what is compared no more often than its verdict takes to be sure",
    )


def add_conditions(measuring: argparse.ArgumentParser) -> None:
    """Under what run measures. Of what takes several numbers, each is measured in turn."""
    add_posts(measuring, DEFAULT_POSTS)
    measuring.add_argument(
        "--max-connections",
        type=numbers,
        default=(DEFAULT_MAX_CONNECTIONS,),
        metavar="N,...",
        help=f"connection limits of the lab's own PostgreSQL (default: {DEFAULT_MAX_CONNECTIONS})",
    )
    measuring.add_argument(
        "--latency-ms",
        type=numbers,
        default=(0,),
        metavar="N,...",
        help="added to all that database, cache and API send (default: 0)",
    )
    measuring.add_argument(
        "--client-latency-ms", type=int, default=0, metavar="N", help="added to all that servers send to the users"
    )
    add_workers(measuring)


def add_workers(subparser: argparse.ArgumentParser) -> None:
    """The flag of what starts servers."""
    subparser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="processes of each server that has them (default: 1)"
    )


def add_services(subparser: argparse.ArgumentParser, posts: int) -> None:
    """The flags of what starts services and keeps them up."""
    add_posts(subparser, posts)
    subparser.add_argument(
        "--max-connections",
        type=int,
        default=DEFAULT_MAX_CONNECTIONS,
        metavar="N",
        help="connection limit of the lab's own PostgreSQL (default: %(default)s)",
    )
    subparser.add_argument(
        "--latency-ms", type=int, default=0, metavar="N", help="added to all that database, cache and API send"
    )


def add_posts(subparser: argparse.ArgumentParser, posts: int) -> None:
    """The flag of what fills a database."""
    subparser.add_argument(
        "--posts", type=int, default=posts, metavar="N", help="posts in the database (default: %(default)s)"
    )


def names(text: str) -> tuple[str, ...]:
    """Names separated by commas."""
    return tuple(name.strip() for name in text.split(","))


def numbers(text: str) -> tuple[int, ...]:
    """Whole numbers separated by commas."""
    try:
        return tuple(int(name) for name in names(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not whole numbers, separated by commas") from None


def arms(text: str) -> tuple[Arm, ...]:
    """Arms separated by commas."""
    try:
        return tuple(map(arm, names(text)))
    except UsageError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def share(text: str) -> float:
    """10% or 0.1."""
    try:
        number = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no share below 1, such as 10% or 0.1")
    return number
