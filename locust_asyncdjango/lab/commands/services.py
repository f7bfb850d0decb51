"""``locust-asyncdjango services``: run a command with the site's services, or keep them up until Ctrl-C.

The command finds the services in DATABASE_URL, REDIS_URL and SLOW_API_URL.
"""

import argparse
import os
import shlex
import shutil
import sys
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from locust_asyncdjango.lab.commands.arguments import Command, add_service_options
from locust_asyncdjango.lab.environment.process import running
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.spec import check_conditions

DEFAULT_POSTS = 1000
VARIABLES = ("DATABASE_URL", "REDIS_URL", "SLOW_API_URL")


def add_arguments(parser: ArgumentParser) -> None:
    """Add the flags and the command of ``services``."""
    parser.usage = "%(prog)s [-h] [--posts N] [--max-connections N] [--latency-ms N] [--] [COMMAND ...]"
    add_service_options(parser, DEFAULT_POSTS)
    parser.add_argument(
        "argv",
        nargs=argparse.REMAINDER,
        metavar="COMMAND",
        help=f"a command that finds the services in {', '.join(VARIABLES)}; without one they stay up until Ctrl-C",
    )


def run_with_services(options: Namespace) -> int:
    """Run the command with the services and return its exit code; without a command, keep them up.

    Raise UsageError where there is no such command, or the services cannot be started.
    """
    from locust_asyncdjango.lab.environment import services

    check_conditions((options.max_connections,), (options.latency_ms,))
    argv = command_line(options)
    if argv:
        _check_program(argv[0])
    with (
        TemporaryDirectory(prefix="locust-asyncdjango-") as logs,
        services.running_all_services(
            options.posts, options.max_connections, Path(logs), options.latency_ms
        ) as addresses,
    ):
        env = {**os.environ, **addresses}
        _seed_project(options.posts, env, Path(logs))
        if argv:
            return _run(argv, env)
        for name in VARIABLES:
            print(f"export {name}={shlex.quote(env[name])}", flush=True)
        while True:
            time.sleep(1)  # until Ctrl-C


def command_line(options: Namespace) -> list[str]:
    """Return the command after the flags, without the -- that may separate them; empty where there is none."""
    argv: list[str] = options.argv
    return argv[1:] if argv[:1] == ["--"] else argv


def seed_command(folder: Path, posts: int) -> list[str] | None:
    """Return the command that seeds the table of a project that ``startproject`` wrote; None for any other folder."""
    if (folder / "manage.py").is_file() and any(folder.glob("*/management/commands/seed_posts.py")):
        return [sys.executable, "manage.py", "seed_posts", f"--posts={posts}"]
    return None


def _check_program(name: str) -> None:
    """Raise UsageError where there is no program of that name, or none that can be executed."""
    if shutil.which(name):
        return
    if Path(name).is_file():
        if os.access(name, os.X_OK):
            raise UsageError(f"{name} is not on PATH; write ./{name}")
        raise UsageError(f"{name} cannot be executed; run it with its interpreter (python {name}), or chmod +x it")
    raise UsageError(f"there is no program {name!r} to run; see that it is installed and on PATH")


def _seed_project(posts: int, env: Mapping[str, str], logs: Path) -> None:
    """Seed the project in the current folder, unless the database is the user's own. Raise UsageError."""
    argv = seed_command(Path.cwd(), posts)
    if argv is None or os.environ.get("DATABASE_URL"):
        return
    with running(argv, log=logs / "project.log", cwd=Path.cwd(), env=env) as program:
        if program.wait():
            raise UsageError(f"this folder's manage.py seed_posts failed: {program.failure_cause()}")


def _run(argv: Sequence[str], env: Mapping[str, str]) -> int:
    """Run a command in the current folder and return its exit code, which is 128 + N where signal N ended it."""
    try:
        with running(argv, log=None, cwd=Path.cwd(), env=env) as program:
            code = program.wait() or 0
    except OSError as error:
        raise UsageError(f"{argv[0]} cannot be run: {error.strerror}; does a script name its interpreter?") from None
    return 128 - code if code < 0 else code


COMMAND = Command(
    name="services",
    summary="Run a command with PostgreSQL, Redis and the slow API, or keep these up until Ctrl-C.",
    add_arguments=add_arguments,
    execute=run_with_services,
)
