"""Servers that a project's environment lacks, in a folder of ours behind the project's own packages.

Nothing is ever installed into the project. Start reading at ``overlay_for``.
"""

import hashlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from locust_asyncdjango.lab.environment.databases.home import scratch_folder
from locust_asyncdjango.lab.environment.failure_cause import first_error
from locust_asyncdjango.lab.environment.waiting import announce_step, announced_wait
from locust_asyncdjango.lab.errors import UsageError, one_line
from locust_asyncdjango.metrics.file_lock import exclusive_lock

REQUIREMENTS: Mapping[str, tuple[str, ...]] = {
    "gunicorn-sync": ("gunicorn",),
    "gunicorn-100-threads": ("gunicorn",),
    "gunicorn-gevent": ("gunicorn", "gevent", "packaging"),  # gunicorn needs it for gevent alone
    "gunicorn-uvicorn": ("gunicorn", "uvicorn", "uvicorn-worker"),
    "gunicorn-asgi": ("gunicorn",),
    "uvicorn": ("uvicorn",),
    "uwsgi-2-threads": ("pyuwsgi",),
    "uwsgi-100-threads": ("pyuwsgi",),
    "uwsgi-gevent": ("pyuwsgi", "gevent"),
    "granian-wsgi": ("granian",),
    "granian-asgi": ("granian",),
    "hypercorn": ("hypercorn",),
    "daphne": ("daphne",),
    "waitress": ("waitress",),
}
"""Server -> the packages that it needs, by their names on PyPI."""
INSTALL_DEADLINE_S = 600


def distribution_name(name: str) -> str:
    """Return a package's name as PyPI compares names: in lower case, with - for _ and dots."""
    return re.sub(r"[-_.]+", "-", name).lower()


def missing_packages(servers: Collection[str], installed: Mapping[str, str]) -> tuple[str, ...]:
    """Return the packages that servers need and a project's environment lacks, each once.

    installed: name -> version of the environment's packages.
    """
    names = set(map(distribution_name, installed))
    needed = dict.fromkeys(package for server in servers for package in REQUIREMENTS.get(server, ()))
    return tuple(package for package in needed if package not in names)


def overlay_for(
    python: Path,
    version: str,
    servers: Collection[str],
    installed: Mapping[str, str],
    cache: Path,
    *,
    may_install: bool,
) -> Path | None:
    """Return the folder that has what servers need beyond a project's environment; None where nothing is missing.

    python, version: the project's interpreter, and its version such as "3.12.4". installed: its packages, name ->
    version. cache: the folder in which overlays are kept. may_install: whether the user agrees to a download.
    Raise UsageError, with what to install, where something is missing and cannot be installed.
    """
    missing = missing_packages(servers, installed)
    if not missing:
        return None
    folder = cache / f"overlay-{_key(version, missing, installed)}"
    if folder.exists():
        verb = "is" if len(missing) == 1 else "are"
        announce_step(f"servers: {', '.join(missing)} of an earlier check or run {verb} used, from a folder of the lab")
        return folder
    lacking = [server for server in servers if missing_packages([server], installed)]
    advice = f"{shlex.quote(str(python))} -m pip install {' '.join(missing)}"
    verb = "needs" if len(lacking) == 1 else "need"
    needs = f"{', '.join(lacking)} {verb} {', '.join(missing)}, which {python} does not have"
    if not may_install:
        raise UsageError(
            f"{needs}; run {advice}, or add --install, which puts it into a folder of ours and not into the project"
        )
    with exclusive_lock(cache / "overlay.lock"):
        if not folder.exists():
            announce_step(f"servers: installing {', '.join(missing)} into a folder of the lab")
            _install(python, missing, installed, folder, needs, advice)
    return folder


def _install(
    python: Path, packages: Sequence[str], installed: Mapping[str, str], folder: Path, needs: str, advice: str
) -> None:
    with scratch_folder(folder.parent / "runs") as scratch:
        constraints = scratch / "constraints.txt"
        constraints.write_text("\n".join(constraint_lines(installed)), encoding="utf-8")
        target = scratch / "packages"
        errors = []
        for argv in _installers(python):
            with announced_wait(f"pip installs {', '.join(packages)} into a folder of the lab"):
                error = _run([*argv, "--target", str(target), "--constraint", str(constraints), *packages])
            if not error:
                target.rename(folder)
                return
            errors.append(error)
            shutil.rmtree(target, ignore_errors=True)
    reason = errors[-1] if errors else "neither pip nor uv is installed"
    raise UsageError(f"{needs}, and it could not be installed: {reason}; when there is a network, run {advice}")


def constraint_lines(installed: Mapping[str, str]) -> list[str]:
    """Return constraints for pip, so that it chooses the versions that a project has, where it needs the same packages.

    Versions of a local build are left out, because no index has them.
    """
    return [f"{name}=={version}" for name, version in sorted(installed.items()) if re.fullmatch(r"[\w.!-]+", version)]


def _installers(python: Path) -> list[list[str]]:
    """Return the command lines that install for a Python: its own pip, ours, and uv. Environments of uv have no pip."""
    flags = ["install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-warn-conflicts"]
    installers = [[str(python), "-m", "pip", *flags], [sys.executable, "-m", "pip", "--python", str(python), *flags]]
    uv = shutil.which("uv")
    return [*installers, [uv, "pip", "install", "--quiet", "--python", str(python)]] if uv else installers


def _run(argv: Sequence[str]) -> str:
    """Run an installer and return why it failed; "" where it did not."""
    try:
        result = subprocess.run(
            argv, capture_output=True, text=True, errors="replace", timeout=INSTALL_DEADLINE_S, check=False, cwd="/"
        )
    except subprocess.TimeoutExpired:
        return f"it took longer than {INSTALL_DEADLINE_S} s"
    except OSError as error:
        return str(error.strerror)
    if not result.returncode:
        return ""
    lines = [line for line in result.stderr.splitlines() if line.strip()]
    return one_line(next((line for line in lines if line.startswith("ERROR:")), "") or first_error(lines) or lines[-1])


def _key(version: str, packages: Sequence[str], installed: Mapping[str, str]) -> str:
    """Return a name for an overlay: it follows from the Python, from what is installed, and from the constraints."""
    short = ".".join(version.split(".")[:2])
    content = "\n".join([short, sys.platform, *sorted(packages), *constraint_lines(installed)])
    return f"{short}-{hashlib.sha256(content.encode()).hexdigest()[:12]}"
