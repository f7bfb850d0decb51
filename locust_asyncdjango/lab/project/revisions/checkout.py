"""A git revision of a project, in a worktree of the lab: what stands where."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Checkout:
    """The files of a revision.

    revision, commit: its name, and the short hash of the commit that this means.
    repository, worktree: the top folders of the user's own files and of the revision's.
    search_paths: folders of the worktree where Python has to look for modules first, because the project's environment
        leads to the same folders of the user's.
    """

    revision: str
    commit: str
    repository: Path
    worktree: Path
    search_paths: tuple[Path, ...] = ()

    @property
    def label(self) -> str:
        """The name and the commit, which is enough where it is the name."""
        return self.commit if self.commit.startswith(self.revision) else f"{self.revision} ({self.commit})"

    def moved(self, path: str) -> str:
        """Return the place in the worktree of a path in the user's repository; any other path as it is."""
        for repository in (self.repository, self.repository.resolve()):
            if Path(path).is_relative_to(repository) and not Path(path).is_relative_to(self.worktree):
                return str(self.worktree / Path(path).relative_to(repository))
        return path

    def search_path(self, own: str) -> str:
        """Return the value of PYTHONPATH. own: its value for the user's files."""
        paths = (*map(str, self.search_paths), *(self.moved(path) for path in own.split(os.pathsep)))
        return os.pathsep.join(filter(None, paths))
