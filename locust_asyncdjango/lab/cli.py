"""``locust-asyncdjango``: run | serve | services | startproject | list."""

import argparse
import os
import shlex
import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn

from locust_asyncdjango._version import __version__
from locust_asyncdjango.lab.errors import LabError, TrialError, UsageError
from locust_asyncdjango.lab.process import Interrupted, free_port, port_is_free, running, stop_signals_as_interrupts
from locust_asyncdjango.lab.servers import SERVERS, serving, site_env
from locust_asyncdjango.routes import ROUTES

DEFAULT_POSTS = 1_000_000
DEFAULT_POSTS_OF_SERVICES = 1000
DEFAULT_MAX_CONNECTIONS = 100
DEFAULT_PORT = 8000

Command = Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """Tells what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """Exit code 2, and where to read on."""
        self.exit(2, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command and returns its exit code."""
    options = parser().parse_args(arguments)
    try:
        with stop_signals_as_interrupts():
            return int(options.command(options))
    except Interrupted as interrupt:
        return 0 if ends_by_ctrl_c(options) else 128 + interrupt.signum
    except LabError as error:
        message, code = str(error), 1 if isinstance(error, TrialError) else 2
    except OSError as error:
        message, code = f"{error}; see that the disk has room and its folders can be written", 1
    except ModuleNotFoundError as error:
        message, code = f"this needs {error.name}: pip install 'locust-asyncdjango[lab]'", 2
    print(f"locust-asyncdjango: error: {message}", file=sys.stderr)
    return code


def parser() -> argparse.ArgumentParser:
    """The commands and their flags."""
    top = Parser(prog="locust-asyncdjango", description="Sync or async Django? Measure it.")
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = top.add_subparsers(metavar="COMMAND", required=True)

    def add(name: str, command: Command, text: str) -> argparse.ArgumentParser:
        subparser = commands.add_parser(name, help=text, description=text)
        subparser.set_defaults(command=command)
        return subparser

    measuring = add("run", run, "Measure routes on servers, one after another, and compare them.")
    add_what_to_measure(measuring)
    add_database(measuring, DEFAULT_POSTS)
    serving_one = add("serve", serve, "Keep one server up until Ctrl-C, with its database.")
    serving_one.add_argument("server", nargs="?", default="gunicorn-sync", help="its name (default: %(default)s)")
    serving_one.add_argument("--port", type=int, help=f"(default: {DEFAULT_PORT}, or a free one where that is taken)")
    add_database(serving_one, DEFAULT_POSTS)
    providing = add(
        "services", with_services, "Keep PostgreSQL, Redis and the slow API up until a command ends, or until Ctrl-C."
    )
    providing.usage = "%(prog)s [-h] [--posts N] [--max-connections N] [--] [COMMAND ...]"
    add_database(providing, DEFAULT_POSTS_OF_SERVICES)
    providing.add_argument(
        "argv", nargs=argparse.REMAINDER, metavar="COMMAND", help="finds them in DATABASE_URL, REDIS_URL, SLOW_API_URL"
    )
    starting = add("startproject", start_project, "Write the target site and the locustfiles as a project of your own.")
    starting.add_argument("folder", type=Path, metavar="DIR", help="where: a new or an empty folder")
    starting.add_argument("--name", help="of the site's package (default: the folder's, with _ for -)")
    add("list", show_list, "Show the routes and their variants, the servers, and where the example locustfiles are.")
    return top


def add_what_to_measure(measuring: argparse.ArgumentParser) -> None:
    """The flags of run alone."""
    measuring.add_argument("--routes", type=names, default=tuple(ROUTES), help=f"of {','.join(ROUTES)} (default: all)")
    measuring.add_argument(
        "--servers", type=names, default=tuple(SERVERS), help=f"of {','.join(SERVERS)} (default: all)"
    )
    measuring.add_argument(
        "--variants", type=names, default=(), help="names, or all that fit a server (default: the natural one)"
    )
    measuring.add_argument("--shape", default="RampTo500", help="Locust load shape (default: %(default)s)")
    measuring.add_argument("-u", "--users", default="", help="the shape's cap, in users")
    measuring.add_argument("-r", "--spawn-rate", default="", help="the shape's rate, in users a second")
    measuring.add_argument("-t", "--run-time", default="", help="the shape's length, such as 40s or 3m")
    measuring.add_argument("--output", type=Path, help="the results folder (default: results/<date and time>)")


def add_database(subparser: argparse.ArgumentParser, posts: int) -> None:
    """The flags of what starts a database."""
    subparser.add_argument(
        "--posts", type=int, default=posts, metavar="N", help="posts in the database (default: %(default)s)"
    )
    subparser.add_argument(
        "--max-connections",
        type=int,
        default=DEFAULT_MAX_CONNECTIONS,
        metavar="N",
        help="connection limit of the lab's own PostgreSQL (default: %(default)s)",
    )


def names(text: str) -> tuple[str, ...]:
    """Names separated by commas."""
    return tuple(name.strip() for name in text.split(","))


def run(options: argparse.Namespace) -> int:
    """Measures, prints the table and the verdict; 1 when a trial could not be measured."""
    from rich.console import Console

    from locust_asyncdjango.lab import progress, report, runner
    from locust_asyncdjango.lab.results import ResultsFolder
    from locust_asyncdjango.lab.spec import Experiment, Load

    load = Load(options.shape, options.users, options.spawn_rate, options.run_time)
    factors = tuple(sorted(item for item in os.environ.items() if item[0].startswith("TARGET_SITE_")))
    experiment = Experiment(
        options.routes, options.servers, load, options.posts, options.max_connections, options.variants, factors
    )
    folder = ResultsFolder(options.output or Path("results") / datetime.now().strftime("%Y-%m-%d-%H%M%S"))
    console = Console()
    try:
        with progress.shown(console) as announce:
            results = runner.run(experiment, folder, announce)
    except Interrupted:
        print(f"stopped; the same command with --output {folder.path} goes on from here", file=sys.stderr)
        raise
    recorded = {r.trial.id: series for r in results if (series := folder.series(r.trial))}
    page = folder.write_report(html=report.html(results, recorded), md=report.markdown(results))
    console.print(report.terminal_table(results))
    for sentence in report.verdict(results):
        console.print(sentence, highlight=False, soft_wrap=True)
    console.print(f"Report: {page}", highlight=False, soft_wrap=True)
    return 0 if all(result.figures for result in results) else 1


def serve(options: argparse.Namespace) -> int:
    """Keeps a server and its services up; 1 when it ends by itself."""
    from tempfile import TemporaryDirectory

    from locust_asyncdjango.lab import services

    if options.server not in SERVERS:
        raise UsageError(f"there is no server {options.server!r}; choose from {', '.join(SERVERS)}")
    port = port_to_serve(options.port)
    with (
        TemporaryDirectory(prefix="locust-asyncdjango-") as logs,
        services.for_all(options.posts, options.max_connections, Path(logs)) as env,
        serving(SERVERS[options.server], port, Path(logs), site_env(env)) as served,
    ):
        print(how_to_load(options.server, served.url), flush=True)
        served.program.wait()
        raise TrialError(f"{options.server} ended: {served.program.last_words()}")


def port_to_serve(wanted: int | None) -> int:
    """The port that was asked for, or else one that is free. Raises UsageError."""
    if wanted is None:
        return DEFAULT_PORT if port_is_free(DEFAULT_PORT) else free_port()
    if not 1 <= wanted <= 65535:
        raise UsageError("--port must be from 1 to 65535")
    if not port_is_free(wanted):
        raise UsageError(f"port {wanted} is taken or may not be used; choose another --port")
    return wanted


def how_to_load(server: str, url: str) -> str:
    """What to do with a server that is up."""
    from locust_asyncdjango.lab.trial import locustfile

    return (
        f"{server} answers at {url}/ until Ctrl-C. To load it, in another terminal:\n"
        f"  locust -f {locustfile('io_read')} --shape RampTo500 -H {url}\n"
        f"and open http://localhost:8089, or add --headless."
    )


def ends_by_ctrl_c(options: argparse.Namespace) -> bool:
    """Whether a command goes on until it is stopped, so that this is no failure."""
    return options.command is serve or (options.command is with_services and not command_given(options))


def with_services(options: argparse.Namespace) -> int:
    """Runs a command beside the site's services and returns its exit code; without one, keeps them up."""
    from tempfile import TemporaryDirectory

    from locust_asyncdjango.lab import services

    argv = command_given(options)
    if argv and not shutil.which(argv[0]):
        raise UsageError(f"there is no program {argv[0]!r} to run; see that it is installed and on PATH")
    with (
        TemporaryDirectory(prefix="locust-asyncdjango-") as logs,
        services.for_all(options.posts, options.max_connections, Path(logs)) as started,
    ):
        env = {**os.environ, **started}
        seed_project(options.posts, env, Path(logs))
        if argv:
            return exit_code_of(argv, env)
        for name in ("DATABASE_URL", "REDIS_URL", "SLOW_API_URL"):
            print(f"export {name}={shlex.quote(env[name])}", flush=True)
        while True:
            time.sleep(1)  # until Ctrl-C


def command_given(options: argparse.Namespace) -> list[str]:
    """The command behind the flags, without the -- that may separate them."""
    argv: list[str] = options.argv
    return argv[1:] if argv[:1] == ["--"] else argv


def seed_project(posts: int, env: Mapping[str, str], logs: Path) -> None:
    """Seeds the table of a project in the current folder, as startproject wrote it; not in the user's own database."""
    from locust_asyncdjango.lab import startproject

    argv = startproject.seeding(Path.cwd(), posts)
    if argv is None or os.environ.get("DATABASE_URL"):
        return
    with running(argv, log=logs / "project.log", cwd=Path.cwd(), env=env) as program:
        if program.wait():
            raise UsageError(f"this folder's manage.py seed_posts failed: {program.last_words()}")


def exit_code_of(argv: list[str], env: Mapping[str, str]) -> int:
    """Runs a command in the current folder; as a shell has it, 128 and more is a signal's."""
    try:
        with running(argv, log=None, cwd=Path.cwd(), env=env) as program:
            code = program.wait() or 0
    except OSError as error:
        raise UsageError(f"{argv[0]} cannot be run: {error.strerror}; does a script name its interpreter?") from None
    return 128 - code if code < 0 else code


def start_project(options: argparse.Namespace) -> int:
    """Writes a project and says what to do with it."""
    from locust_asyncdjango.lab import startproject

    name = startproject.write_project(options.folder, options.name)
    print(startproject.next_steps(options.folder, name))
    return 0


def show_list(_options: argparse.Namespace) -> int:
    """Prints what there is."""
    from locust_asyncdjango.lab.trial import locustfile

    print("routes")
    for route in ROUTES.values():
        print(f"  {route.name:<18} {route.method:<5} {locustfile(route.name)}")
        print(f"    sync:  {', '.join(route.sync_variants)}")
        print(f"    async: {', '.join(route.async_variants)}")
    print("servers")
    for server in SERVERS.values():
        slots = "unbounded" if server.slots is None else server.slots
        print(f"  {server.name:<18} {server.interface}, slots: {slots}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
