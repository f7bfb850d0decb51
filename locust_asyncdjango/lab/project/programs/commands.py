"""Run the commands of a project's file: without a shell, with the project's Python, in its folder."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from locust_asyncdjango.lab.environment.process import Program, running
from locust_asyncdjango.lab.environment.waiting import announce_step, announced_wait
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.project_file import Project

LAST_LINES = 3
"""Lines of a command's output that a message shows."""


def command_line(project: Project, words: Sequence[str]) -> list[str]:
    """Return a command line with the project's own Python in place of `python`."""
    return [str(project.python), *words[1:]] if words[0] in ("python", "python3") else list(words)


def run_commands(project: Project, commands: Sequence[str], env: Mapping[str, str], log: Path, purpose: str) -> None:
    """Run commands one after the other in the project's folder, and add their output to a log.

    env: their environment (``program_env``). purpose: the key of the file that has them, such as "prepare".
    Raise UsageError with the command and its last lines where one fails.
    """
    for command in commands:
        where = f"{project.file}: the {purpose} command {command!r}"
        argv = command_line(project, shlex.split(command))
        announce_step(f"{purpose}: {command}")
        try:
            with running(argv, name=command, log=log, cwd=project.root, env=env) as program:
                with announced_wait(f"{purpose}: {command}"):
                    code = program.wait()
                if code:
                    raise UsageError(f"{where} ended {_end(program, int(code))}; its output is in {log}")
        except OSError as error:  # there is no such program, or it may not be run
            raise UsageError(f"{where} cannot be started: {error.strerror}: {error.filename}") from None


def _end(program: Program, code: int) -> str:
    end = program.end_text(code)
    lines = (" ".join(line.split()) for line in program.log_lines()[-LAST_LINES:])
    others = " | ".join(line for line in lines if line not in end)
    return f"{end} (last lines: {others})" if others else end
