"""What git says about a project's files. The user's own worktree, index and stashes stay as they are; no hook runs."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from locust_asyncdjango.lab.errors import UsageError, one_line
from locust_asyncdjango.lab.project.project_file import Project
from locust_asyncdjango.lab.project.tables.arms import ProjectArm

GIT_DEADLINE_S = 600
"""Seconds that a command of git may take: a worktree of a large repository takes a while."""
SHORT_HASH = 10
"""Characters of a commit's hash that results and reports have."""
RESULTS_MARK = "experiment.json"
"""A file of each results folder, which is no change of the project."""


def with_commits(project: Project, arms: Sequence[ProjectArm]) -> tuple[ProjectArm, ...]:
    """Return arms with the commit that the name of each one's revision means now. Raise UsageError."""
    commits = {arm.revision: commit_of(project, arm.revision) for arm in arms if arm.revision}
    return tuple(replace(arm, commit=commits.get(arm.revision, "")[:SHORT_HASH]) for arm in arms)


def commit_of(project: Project, revision: str) -> str:
    """Return the whole hash of a revision of the project's repository. Raise UsageError where there is none."""
    try:
        return run_git(project.root, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    except UsageError:
        top_folder(project)
        raise UsageError(
            f"{project.file}: there is no git revision {revision!r} in {project.root}; fetch it, or name another"
        ) from None


def describe_files(project: Project) -> str:
    """Return the commit of the project's files as they are, and whether they differ from it; "" without git."""
    try:
        commit = run_git(project.root, "rev-parse", "HEAD")[:SHORT_HASH]
        return f"{commit} with uncommitted changes" if uncommitted_changes(project) else commit
    except UsageError:
        return ""


def uncommitted_changes(project: Project) -> tuple[str, ...]:
    """Return the paths of the project's files that differ from its last commit, and of new ones. Raise UsageError.

    The project's file for the lab does not count, nor do results and what Python has compiled.
    """
    top = top_folder(project)
    lines = run_git(project.root, "status", "--porcelain=v1", "-z", "--untracked-files=normal").split("\0")
    paths = [line[3:] for line in lines if line[2:3] == " " and top / line[3:] != project.file.resolve()]
    return tuple(path for path in paths if not path.endswith("/") or _has_files(top / path))


def _has_files(folder: Path) -> bool:
    """Return whether a new folder has files other than results and what Python has compiled."""
    for _path, folders, files in os.walk(folder):
        if RESULTS_MARK in files:
            folders.clear()
        elif any(not file.endswith(".pyc") for file in files):
            return True
    return False


def top_folder(project: Project) -> Path:
    """Return the top folder of the project's repository. Raise UsageError where it is in none."""
    try:
        return Path(run_git(project.root, "rev-parse", "--show-toplevel")).resolve()
    except UsageError as error:
        raise UsageError(f"{project.file}: an arm with a revision needs a git repository: {error}") from None


def run_git(folder: Path, *arguments: str) -> str:
    """Run git and return what it prints. Raise UsageError with its last line where it fails."""
    try:
        result = subprocess.run(
            git_command(folder, *arguments),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=GIT_DEADLINE_S,
            check=False,
            stdin=subprocess.DEVNULL,
            env=git_env(),
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


def git_command(folder: Path, *arguments: str) -> list[str]:
    """Return a command line of git for a folder."""
    # Hooks of the repository, such as post-checkout, would run in the name of the user.
    settings = (f"core.hooksPath={os.devnull}", "advice.detachedHead=false")
    return ["git", "-C", str(folder), *(part for setting in settings for part in ("-c", setting)), *arguments]


def git_env() -> dict[str, str]:
    """Return an environment in which git looks at the folder alone, and does not write to the user's index."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return {**others, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
