"""The ``locust-asyncdjango`` program: its commands, and the exit code of each error.

Every command is a module of ``lab/commands``. Importing these modules needs the standard library only. A command
imports packages of the extras ``report`` and ``lab`` when it runs.
"""

import argparse
import os
import signal
import sys
from collections.abc import Sequence

from locust_asyncdjango._version import __version__
from locust_asyncdjango.analysis.terminal_text import write_any_character
from locust_asyncdjango.extras import missing_extra
from locust_asyncdjango.failures.normalize import safe_line
from locust_asyncdjango.lab.commands import check, compare, init, report, run, serve, services, startproject
from locust_asyncdjango.lab.commands import list as list_
from locust_asyncdjango.lab.commands.arguments import Command, Parser
from locust_asyncdjango.lab.environment.process import Interrupted, raise_open_file_limit, stop_signals_as_interrupts
from locust_asyncdjango.lab.errors import LabError, one_line, os_error_text

COMMANDS = (
    init.COMMAND,
    check.COMMAND,
    run.COMMAND,
    report.COMMAND,
    compare.COMMAND,
    serve.COMMAND,
    services.COMMAND,
    startproject.COMMAND,
    list_.COMMAND,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. arguments: by default those of this process."""
    for stream in (sys.stdout, sys.stderr):
        write_any_character(stream)
    options = parser().parse_args(arguments)
    command: Command = options.command
    raise_open_file_limit()
    try:
        with stop_signals_as_interrupts():
            code = command.execute(options)
            sys.stdout.flush()
            return code
    except Interrupted as interrupt:
        return 128 + interrupt.signum
    except LabError as error:
        return _fail(str(error), error.exit_code)
    except BrokenPipeError:
        # The reader of the output has closed the pipe, as head does. Python would report it again when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except OSError as error:
        reason = one_line(os_error_text(error))
        return _fail(f"{reason}; check that the disk is not full and that its folders can be written", 1)
    except ModuleNotFoundError as error:
        return _fail(missing_extra(f"`{command.name}`", command.required_extra(options), error.name), 2)


def parser() -> argparse.ArgumentParser:
    """Return the parser of the whole command line."""
    top = Parser(prog="locust-asyncdjango", description="Sync or async Django? Measure it.")
    top.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    subparsers = top.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        subparser = subparsers.add_parser(
            command.name, help=command.summary, description=command.description or command.summary
        )
        subparser.set_defaults(command=command)
        command.add_arguments(subparser)
    return top


def _fail(message: str, exit_code: int) -> int:
    print(f"locust-asyncdjango: error: {safe_line(message)}", file=sys.stderr)
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
