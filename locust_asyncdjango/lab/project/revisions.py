"""A git revision of a project in a worktree of ours. Start reading at ``checked_out``.

The user's own worktree, index and stashes stay as they are, and no hook of the repository runs.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from locust_asyncdjango.lab.environment.databases.home import scratch_folder
from locust_asyncdjango.lab.environment.waiting import announced_wait
from locust_asyncdjango.lab.errors import UsageError, one_line
from locust_asyncdjango.lab.project.commands import run_commands
from locust_asyncdjango.lab.project.inspection.pythons import environments
from locust_asyncdjango.lab.project.project_env import program_env
from locust_asyncdjango.lab.project.project_file import Project

GIT_DEADLINE_S = 600
"""Seconds that a command of git may take: a worktree of a large repository takes a while."""


def commit_of(project: Project, revision: str) -> str:
    """Return the whole hash of a revision of the project's repository. Raise UsageError where there is none."""
    try:
        return _git(project.root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except UsageError:
        _repository(project)
        raise UsageError(
            f"{project.file}: there is no git revision {revision!r} in {project.root}; fetch it, or name another"
        ) from None


def describe_files(project: Project) -> str:
    """Return the git revision of the project's files as they are, such as "3f2a9c1 with changes"; "" without git."""
    try:
        commit = _git(project.root, "rev-parse", "--short", "HEAD")
        return f"{commit} with changes" if uncommitted_changes(project) else commit
    except UsageError:
        return ""


def uncommitted_changes(project: Project) -> tuple[str, ...]:
    """Return the paths of the project's files that differ from its last commit, and of new ones. Raise UsageError."""
    lines = _git(project.root, "status", "--porcelain=v1", "-z", "--untracked-files=normal").split("\0")
    return tuple(line[3:] for line in lines if line[2:3] == " " and line[3:] != project.file.name)


@contextmanager
def checked_out(project: Project, revision: str, setup: str, cache: Path, log: Path) -> Iterator[Project]:
    """Yield the project at a revision: its files in a worktree of ours, which is removed at the end.

    setup: the command that makes the revision's environment in the worktree; "" to use the project's own Python.
    cache: the folder for the worktree. log: the file for the output of git and of the command.
    Raise UsageError where there is no such revision, or its environment cannot be made.
    """
    commit, top = commit_of(project, revision), _repository(project)
    with scratch_folder(cache / "worktrees") as scratch:
        worktree = scratch / "worktree"
        try:
            with announced_wait(f"git checks out {revision}"):
                _git(top, "worktree", "add", "--detach", "--force", "--quiet", str(worktree), commit)
            yield _with_environment(_moved(project, revision, top, worktree), setup, log)
        finally:
            _remove(top, worktree)


def _moved(project: Project, revision: str, top: Path, worktree: Path) -> Project:
    root = worktree / project.root.resolve().relative_to(top)
    if not root.is_dir():
        raise UsageError(f"{project.file}: the revision {revision!r} has no folder {root.relative_to(worktree)}")
    return replace(project, root=root)  # the load stays the same for all arms, a locustfile too


def _with_environment(project: Project, setup: str, log: Path) -> Project:
    """Run the command that makes an environment, and return the project with the Python that it made."""
    if not setup:
        return project
    env = program_env(project, {}, Path(os.devnull), _without_environment(os.environ))
    env.pop("PYTHONPATH", None)
    run_commands(project, (setup,), env, log, "setup")
    python = next(environments(project.root, {}), None)
    if python is None:
        raise UsageError(
            f"{project.file}: the setup command {setup!r} made no virtual environment in the project's folder; let it"
            " make .venv there, or leave setup out to use the project's own Python"
        )
    return replace(project, python=python)


def _without_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables without those by which tools find the user's environment instead of making one."""
    names = ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT", "POETRY_ACTIVE", "PIPENV_ACTIVE")
    return {name: value for name, value in environ.items() if name not in names}


def _remove(top: Path, worktree: Path) -> None:
    """Remove a worktree, and what git notes of it."""
    for arguments in (("worktree", "remove", "--force", "--force", str(worktree)), ("worktree", "prune")):
        command = _command(top, *arguments)
        subprocess.run(command, capture_output=True, check=False, env=_git_env(), start_new_session=True)


def _repository(project: Project) -> Path:
    """Return the top folder of the project's repository. Raise UsageError where it is in none."""
    try:
        return Path(_git(project.root, "rev-parse", "--show-toplevel")).resolve()
    except UsageError as error:
        raise UsageError(f"{project.file}: an arm with a revision needs a git repository: {error}") from None


def _git(folder: Path, *arguments: str) -> str:
    """Run git and return what it prints. Raise UsageError with its last line where it fails."""
    try:
        result = subprocess.run(
            _command(folder, *arguments),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=GIT_DEADLINE_S,
            check=False,
            stdin=subprocess.DEVNULL,
            env=_git_env(),
            start_new_session=True,  # Ctrl-C at the terminal reaches the lab only
        )
    except FileNotFoundError:
        raise UsageError("git is not installed; install it, or leave the revisions out") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"git {arguments[0]} took longer than {GIT_DEADLINE_S} s in {folder}") from None
    if result.returncode:
        lines = result.stderr.strip().splitlines() or [f"git {arguments[0]} failed"]
        raise UsageError(one_line(next((line for line in lines if line.startswith("fatal:")), lines[-1])))
    return result.stdout.rstrip("\n")


def _command(folder: Path, *arguments: str) -> list[str]:
    # Hooks of the repository, such as post-checkout, would run in the name of the user.
    return [
        "git",
        "-C",
        str(folder),
        "-c",
        f"core.hooksPath={os.devnull}",
        "-c",
        "advice.detachedHead=false",
        *arguments,
    ]


def _git_env() -> dict[str, str]:
    """Return an environment in which git looks at the folder alone, and does not write to the user's index."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**others, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
