"""Management commands of the bundled site."""

import os
import subprocess
import sys


def manage(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a management command of the site, with these environment variables."""
    command = [sys.executable, "-m", "target_site", *arguments]
    return subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, check=False)
