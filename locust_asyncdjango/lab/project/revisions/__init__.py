"""Git revisions of a project: which commit a name means, and its files in a worktree of the lab."""
