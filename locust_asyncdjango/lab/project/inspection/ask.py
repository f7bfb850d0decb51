"""Ask a project about itself: start Django with the project's own Python and settings. Start at ``ask_project``."""

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from locust_asyncdjango.failures.normalize import redact, safe_text
from locust_asyncdjango.lab.environment.failure_cause import first_error
from locust_asyncdjango.lab.environment.packages import package_folder
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.inspection.report import ProjectReport, read_report

DEADLINE_S = 180
"""Seconds that a project may take to start."""
OLDEST_PYTHON, OLDEST_DJANGO = (3, 10), (4, 2)
_VARIABLE = (
    re.compile(r"\bImproperlyConfigured: Set the (\w+) environment variable"),  # django-environ
    re.compile(r"\bUndefinedValueError: (\w+) not found"),  # python-decouple
    re.compile(r"\b(?:KeyError|EnvError): ['\"]([A-Z][A-Z0-9_]+)['\"]"),
    re.compile(r"\bEnvError: Environment variable \"(\w+)\" not set"),  # environs
    re.compile(r"\bImproperlyConfigured: (?:.*\b)?(?:set|Set|missing|Missing) (?:the )?([A-Z][A-Z0-9_]+)\b"),
)


def ask_project(
    python: Path,
    root: Path,
    env: Mapping[str, str],
    *,
    where: str,
    log: Path | None = None,
    hide: Callable[[str], str] = redact,
) -> ProjectReport:
    """Return what a project says about itself.

    python, root: its interpreter and its folder. env: the whole environment of its programs.
    where: what messages begin with, such as the name of its file. log: gets what the project printed. hide: takes the
    secrets out of what the project says.
    Raise UsageError, with the project's own error and what to do, where it does not start.
    """
    result = _run_probe(python, root, env, where)
    if log:
        log.write_text(safe_text(hide(result.stderr)), encoding="utf-8")
    content = _answer(result.stdout)
    if content is None:
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        reason = first_error(lines) or (lines[-1] if lines else f"it ended with exit code {result.returncode}")
        raise UsageError(f"{where}: {_failure(hide(reason), '', python)}")
    if "error" in content:
        raise UsageError(f"{where}: {_failure(hide(str(content['error'])), str(content.get('where') or ''), python)}")
    report = read_report(content)
    _check_versions(where, python, report)
    return report


def _run_probe(python: Path, root: Path, env: Mapping[str, str], where: str) -> subprocess.CompletedProcess[str]:
    """Start the project in a process of its own that asks it. Raise UsageError where that cannot be done."""
    argv = [str(python), str(package_folder("locust_asyncdjango.probe") / "ask.py")]
    try:
        return subprocess.run(
            argv,
            cwd=root,
            env=dict(env),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=DEADLINE_S,
            check=False,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"{where}: the project did not start within {DEADLINE_S} s; does its start wait?") from None
    except OSError as error:
        raise UsageError(f"{where}: {python} cannot be started: {error.strerror}") from None


def _answer(output: str) -> dict[str, Any] | None:
    try:
        content = json.loads(output)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None


def _failure(error: str, place: str, python: Path) -> str:
    at = f" ({place})" if place else ""
    return f"the project does not start: {error}{at}; {advice(error, python)}"


def advice(error: str, python: Path) -> str:
    """Return what to do about the error of a project that does not start, in one sentence."""
    if name := missing_variable(error):
        return f'add {name} = "..." below [project.env], or as "{{env.{name}}}" if it is secret'
    if match := re.search(r"No module named ['\"]?([\w.]+)", error):
        module = match[1].partition(".")[0]
        if module == "django":
            return f"{python} has no Django; name the project's own Python with the key python below [project]"
        return (
            f"if {module} is a package, name the Python that has it with the key python below [project]; if it is the"
            " project's, correct root or settings"
        )
    if "SECRET_KEY" in error:
        return 'add SECRET_KEY = "for the lab" below [project.env], if the settings read it from there'
    return "mend it, or set what it needs below [project.env]"


def missing_variable(error: str) -> str:
    """Return the environment variable that an error of settings asks for; "" for another error."""
    matches = (pattern.search(error) for pattern in _VARIABLE)
    return next((match[1] for match in matches if match), "")


def _check_versions(where: str, python: Path, report: ProjectReport) -> None:
    oldest = {"python": OLDEST_PYTHON, "django": OLDEST_DJANGO}
    for name, version in oldest.items():
        numbers = tuple(map(int, re.findall(r"\d+", report.versions.get(name, ""))[:2]))
        if numbers and numbers < version:
            wanted = ".".join(map(str, version))
            raise UsageError(
                f"{where}: {python} has {name.capitalize()} {report.versions[name]}; the lab needs {wanted} or newer"
            )
