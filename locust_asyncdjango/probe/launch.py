"""Run a server's module, or a line of Python, as ``python -m`` and ``python -c`` do, with the overlay of the lab.

    python .../asyncdjango_probe/launch.py -m MODULE [ARGUMENT ...]
    python .../asyncdjango_probe/launch.py -c CODE [ARGUMENT ...]

Modules are looked for in the working directory first, as ``python -m`` does on each version of Python, and in the
overlay last, so that what the project has installed itself counts. The folder of this program is not looked into.
This file runs as a program and imports nothing of the probe.
"""

import os
import runpy
import sys
import types
from pathlib import Path

# As in protocol.py, which stands in the folder that must not be on the path.
OVERLAY_VARIABLE = "LOCUST_ASYNCDJANGO_OVERLAY"
USAGE = "usage: launch.py -m MODULE [ARGUMENT ...], or launch.py -c CODE [ARGUMENT ...]"


def set_path(overlay: str) -> None:
    """Put the working directory first, and the overlay last where there is one. Take the folder of this file away."""
    own = str(Path(__file__).resolve().parent)
    folder = str(Path.cwd())
    others = [each for each in sys.path if os.path.realpath(each or folder) not in {own, os.path.realpath(folder)}]
    sys.path[:] = [folder, *others, *([overlay] if overlay else [])]


def run(arguments: list[str]) -> None:
    """Run a module or code in place of this program. Processes that it spawns inherit the path."""
    kind, program, *rest = arguments
    if kind == "-m":
        sys.argv = [program, *rest]
        runpy.run_module(program, run_name="__main__", alter_sys=True)
        return
    sys.argv = ["-c", *rest]
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    exec(compile(program, "<string>", "exec"), main.__dict__)  # noqa: S102 - the lab's own line, as python -c runs it


if __name__ == "__main__":
    if len(sys.argv) < 3 or sys.argv[1] not in {"-m", "-c"}:
        sys.exit(USAGE)
    set_path(os.environ.get(OVERLAY_VARIABLE, ""))
    run(sys.argv[1:])
