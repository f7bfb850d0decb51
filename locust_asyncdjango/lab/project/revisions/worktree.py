"""A git revision of a project in a worktree of ours. Start reading at ``checked_out``."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from locust_asyncdjango.lab.environment.databases.home import scratch_folder
from locust_asyncdjango.lab.environment.waiting import announced_wait
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.project.inspection.pythons import environments
from locust_asyncdjango.lab.project.programs.commands import run_commands
from locust_asyncdjango.lab.project.project_env import program_env
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.revisions.checkout import Checkout
from locust_asyncdjango.lab.project.revisions.git import (
    SHORT_HASH,
    commit_of,
    git_command,
    git_env,
    run_git,
    top_folder,
)
from locust_asyncdjango.lab.project.revisions.search_paths import find_search_paths


@contextmanager
def checked_out(project: Project, revision: str, setup: str, cache: Path, log: Path) -> Iterator[Project]:
    """Yield the project at a revision: its files in a worktree of ours, which is removed at the end.

    setup: the command that makes the revision's environment in the worktree; "" to use the project's own Python.
    cache: the folder for the worktree. log: the file for the output of git and of the command.
    Raise UsageError where there is no such revision, or its environment cannot be made.
    """
    commit, top = commit_of(project, revision), top_folder(project)
    with scratch_folder(cache / "worktrees") as scratch:
        worktree = scratch / "worktree"
        try:
            with announced_wait(f"git checks out {revision}"):
                run_git(top, "worktree", "add", "--detach", "--force", "--quiet", str(worktree), commit)
            checkout = Checkout(revision, commit[:SHORT_HASH], top, worktree.resolve())
            moved = _with_environment(_moved(project, checkout), setup, log)
            yield _with_search_paths(moved)
        finally:
            _remove(top, worktree)


def _moved(project: Project, checkout: Checkout) -> Project:
    root = checkout.worktree / project.root.resolve().relative_to(checkout.repository)
    if not root.is_dir():
        place = root.relative_to(checkout.worktree)
        raise UsageError(f"{project.file}: the revision {checkout.revision!r} has no folder {place}")
    return replace(project, root=root, checkout=checkout)  # the load stays the same for all arms, a locustfile too


def _with_search_paths(project: Project) -> Project:
    if project.checkout is None:
        return project
    return replace(project, checkout=replace(project.checkout, search_paths=find_search_paths(project)))


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
        command = git_command(top, *arguments)
        subprocess.run(command, capture_output=True, check=False, env=git_env(), start_new_session=True)
