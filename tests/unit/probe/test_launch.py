"""The program that runs a server's module, as ``python -m`` does."""

import subprocess
import sys
from pathlib import Path

from locust_asyncdjango.probe import launch, protocol

LAUNCH = Path(launch.__file__)
PRINT_PATH = "import sys\nprint(sys.argv, sys.path[0], sys.path[-1], __name__)\n"


def run(*arguments: str, folder: Path, overlay: str = "") -> list[str]:
    """Return what the program prints, in lines."""
    command = [sys.executable, str(LAUNCH), *arguments]
    env = {"PATH": "/usr/bin", protocol.OVERLAY_VARIABLE: overlay}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=60, check=False)
    return (done.stdout + done.stderr).splitlines()


def test_it_has_the_same_name_of_the_overlay() -> None:
    assert launch.OVERLAY_VARIABLE == protocol.OVERLAY_VARIABLE


def test_a_module_sees_the_working_directory_first_and_the_overlay_last(tmp_path: Path) -> None:
    (tmp_path / "server.py").write_text(PRINT_PATH + "import protocol\n")
    lines = run("-m", "server", "--port=1", folder=tmp_path, overlay="/over/lay")
    assert lines[0] == f"['{tmp_path}/server.py', '--port=1'] {tmp_path} /over/lay __main__"
    assert lines[-1] == "ModuleNotFoundError: No module named 'protocol'"  # the probe's own folder is not on the path


def test_code_runs_as_with_python_c(tmp_path: Path) -> None:
    (last,) = run("-c", PRINT_PATH, "--master", folder=tmp_path)
    assert last.startswith(f"['-c', '--master'] {tmp_path} ")
    assert last.endswith(" __main__")


def test_a_wrong_command_line(tmp_path: Path) -> None:
    assert run("-m", folder=tmp_path) == [launch.USAGE]
    assert run("server", "x", folder=tmp_path) == [launch.USAGE]
