"""A command that runs beside the site's services, whose addresses are in its environment."""

import os
import shlex
import shutil
import time
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from locust_asyncdjango.lab.commands import startproject
from locust_asyncdjango.lab.environment import services
from locust_asyncdjango.lab.environment.process import running
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.spec import check_conditions


def run(argv: list[str], posts: int, max_connections: int, latency_ms: int) -> int:
    """Runs a command beside the services and returns its exit code; without one, keeps them up.

    Raises UsageError where it cannot be run.
    """
    if argv and not shutil.which(argv[0]):
        raise UsageError(f"there is no program {argv[0]!r} to run; see that it is installed and on PATH")
    with (
        TemporaryDirectory(prefix="locust-asyncdjango-") as logs,
        services.running_all_services(posts, max_connections, Path(logs), latency_ms) as started,
    ):
        env = {**os.environ, **started}
        seed_project(posts, env, Path(logs))
        if argv:
            return exit_code_of(argv, env)
        for name in ("DATABASE_URL", "REDIS_URL", "SLOW_API_URL"):
            print(f"export {name}={shlex.quote(env[name])}", flush=True)
        while True:
            time.sleep(1)  # until Ctrl-C


def seed_project(posts: int, env: Mapping[str, str], logs: Path) -> None:
    """Seeds the table of a project in the current folder, as startproject wrote it; not in the user's own database."""
    argv = startproject.seeding(Path.cwd(), posts)
    if argv is None or os.environ.get("DATABASE_URL"):
        return
    with running(argv, log=logs / "project.log", cwd=Path.cwd(), env=env) as program:
        if program.wait():
            raise UsageError(f"this folder's manage.py seed_posts failed: {program.last_log_line()}")


def exit_code_of(argv: list[str], env: Mapping[str, str]) -> int:
    """Runs a command in the current folder; as a shell has it, 128 and more is a signal's."""
    try:
        with running(argv, log=None, cwd=Path.cwd(), env=env) as program:
            code = program.wait() or 0
    except OSError as error:
        raise UsageError(f"{argv[0]} cannot be run: {error.strerror}; does a script name its interpreter?") from None
    return 128 - code if code < 0 else code


def with_services(options: Namespace) -> int:
    """Runs a command beside the site's services and returns its exit code; without one, keeps them up."""
    check_conditions((options.max_connections,), (options.latency_ms,))
    return run(command_given(options), options.posts, options.max_connections, options.latency_ms)


def command_given(options: Namespace) -> list[str]:
    """The command behind the flags, without the -- that may separate them."""
    argv: list[str] = options.argv
    return argv[1:] if argv[:1] == ["--"] else argv
