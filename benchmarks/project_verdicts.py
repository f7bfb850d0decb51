"""Does the lab find what is planted in a project of one's own? ``python benchmarks/project_verdicts.py``.

A copy of sites/planted_project is measured with its own asyncdjango.toml, as users measure theirs. Its view waits in
the database for a time that each start of the server draws anew, so that two runs of an arm differ by up to --noise.

- twins: experiments with two equal views as twins, of which no more than one in ten may show a difference.
- revision: experiments with a git revision that carries a tenth less, each within a budget of 15 minutes.

``--keep DIR`` keeps the results folders. Given the same folder again, the benchmark goes on where it was.
"""

import json
import math
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from locust_asyncdjango.lab.commands.arguments import Parser
from locust_asyncdjango.lab.environment.process import python, running
from locust_asyncdjango.lab.errors import TrialError, UsageError
from support.harness import add_parts, run_parts

PROJECT = Path(__file__).resolve().parent / "sites" / "planted_project"
SLOWER_SHARE = 0.9
"""The share of the throughput that the slower revision carries."""
BUDGET = {"twins": "3m", "revision": "15m"}
ARMS = {"twins": ("one", "two"), "revision": ("before", "after")}
# Four slots are busy at once, with a short queue: no request takes as long as the objective allows, so goodput decides.
LOAD = ("--users=16", "--spawn-rate=16", "--run-time=8s", "--latency-ms=0")
FILE = """
[project]
python = {python}
settings = "planted.settings"

[project.env]
DB_HOST = "{{db.host}}"
DB_PORT = "{{db.port}}"
DB_NAME = "{{db.name}}"
DB_USER = "{{db.user}}"
DB_PASSWORD = "{{db.password}}"
PLANTED_NOISE = "{noise}"

[[view]]
name = "wait"
{view}
"""
ARM = """
[[arm]]
name = "{name}"
server = "gunicorn-100-threads"
threads = 4
{more}
"""
TWINS = 'path = "/{variant}/"\nvariants = ["one", "two"]'


@dataclass(frozen=True, slots=True)
class Options:
    """The parts to run, the experiments of each, and by how much two runs differ at most, as a share."""

    only: tuple[str, ...]
    experiments: int
    noise: float
    keep: Path | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of an experiment. ratio: of the first arm to the second one. is_different: what the report says."""

    ratio: float
    low: float
    high: float
    is_different: bool
    pairs: int
    text: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts, print each result beside the truth, and return the exit code."""
    return run_parts("project_verdicts", arguments, parse_options, PARTS)


def parse_options(arguments: Sequence[str] | None) -> Options:
    """Return the options of a command line. Raise UsageError."""
    flags = Parser(prog="project_verdicts", description=__doc__)
    add_parts(flags, PARTS)
    flags.add_argument("--experiments", type=int, default=10, help="experiments of each part (default: %(default)s)")
    flags.add_argument(
        "--noise", type=float, default=0.05, help="by how much two runs differ at most (default: %(default)s)"
    )
    options = Options(**vars(flags.parse_args(arguments)))
    if options.experiments < 1 or not 0 <= options.noise < 1:
        raise UsageError("--experiments must be 1 or more, and --noise from 0 to below 1")
    return options


def measure_twins(options: Options, folder: Path) -> None:
    """Run experiments with equal twins, and print how many show a difference."""
    arms = "".join(ARM.format(name=name, more=f'variant = "{name}"') for name in ARMS["twins"])
    project = copy_project(folder / "twins", options.noise, TWINS, arms)
    outcomes = run_experiments("twins", project, options.experiments)
    wrong = sum(outcome.is_different for outcome in outcomes)
    print(f"twins: no difference in {len(outcomes) - wrong} of {len(outcomes)}", flush=True)


def measure_revision(options: Options, folder: Path) -> None:
    """Run experiments with a slower revision, and print how many find it, and with which ratios."""
    arms = "".join(ARM.format(name=name, more=f'revision = "{name}"') for name in ARMS["revision"])
    project = copy_project(folder / "revision", options.noise, 'path = "/one/"', arms)
    outcomes = run_experiments("revision", project, options.experiments)
    found = sum(outcome.is_different and outcome.ratio > 1 for outcome in outcomes)
    median = statistics.median(outcome.ratio for outcome in outcomes)
    print(
        f"revision slower by {1 - SLOWER_SHARE:.0%}: found in {found} of {len(outcomes)}; median ratio {median:.3f},"
        f" planted {1 / SLOWER_SHARE:.3f}",
        flush=True,
    )


def copy_project(folder: Path, noise: float, view: str, arms: str) -> Path:
    """Return a copy of the project in a git repository: its revisions are "before", and "after", which is slower."""
    project = folder / "project"
    if project.exists():
        return project
    shutil.copytree(PROJECT, project, ignore=shutil.ignore_patterns("__pycache__"))
    text = FILE.format(python=json.dumps(sys.executable), noise=noise, view=view)
    (project / "asyncdjango.toml").write_text(text + arms, encoding="utf-8")
    work = project / "planted" / "work.py"
    git(project, "init", "--quiet")
    commit(project, "before")
    slower = work.read_text(encoding="utf-8").replace("CARRIED_SHARE = 1.0", f"CARRIED_SHARE = {SLOWER_SHARE}", 1)
    work.write_text(slower, encoding="utf-8")
    commit(project, "after")
    return project


def commit(project: Path, tag: str) -> None:
    """Commit all files, and name the revision."""
    git(project, "add", "--all")
    git(project, "-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost", "commit", "--quiet", "-m", tag)
    git(project, "tag", tag)


def git(project: Path, *arguments: str) -> None:
    """Run a command of git. Raise TrialError where it fails."""
    done = subprocess.run(("git", *arguments), cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise TrialError(f"git {arguments[0]} failed: {done.stderr.strip()}")


def run_experiments(part: str, project: Path, experiments: int) -> list[Outcome]:
    """Run experiments with a project, print each, and return their outcomes."""
    outcomes = []
    for number in range(1, experiments + 1):
        begin_s = time.monotonic()
        report = run_experiment(project, project.parent / f"{number}", f"--budget={BUDGET[part]}")
        outcome = outcome_of(report, ARMS[part][0])
        outcomes.append(outcome)
        took = f"{(time.monotonic() - begin_s) / 60:.1f} min"
        carried = f"{outcome.ratio:.3f} ({outcome.low:.3f}-{outcome.high:.3f})"
        print(f"  {number}: {carried}, {outcome.pairs} pairs, {took}: {outcome.text}", flush=True)
    return outcomes


def run_experiment(project: Path, output: Path, *flags: str) -> Mapping[str, Any]:
    """Run an experiment, or go on with it if its folder exists, and return its report. Raise TrialError."""
    is_begun = (output / "experiment.json").exists()
    arguments = (f"--resume={output}",) if is_begun else (*LOAD, *flags, f"--output={output}")
    command = python("-m", "locust_asyncdjango.lab.cli", "run", *arguments)
    with running(command, log=output.with_suffix(".log"), cwd=project) as program:
        if program.wait():
            raise TrialError(f"the lab failed: {program.last_log_line()}")
    report: dict[str, Any] = json.loads((output / "report.json").read_text(encoding="utf-8"))
    return report


def outcome_of(report: Mapping[str, Any], first: str) -> Outcome:
    """Return what a report says of the first arm and the second one. first: the name of the first one."""
    text = report["verdict"][0]
    if not report["differences"]:
        return Outcome(math.nan, math.nan, math.nan, is_different=False, pairs=0, text=text)
    (difference,) = report["differences"]
    ratio, low, high = (difference[key] for key in ("ratio", "low", "high"))
    if difference["best"] != first:
        ratio, low, high = 1 / ratio, 1 / high, 1 / low
    return Outcome(ratio, low, high, bool(difference["is_different"]), difference["pairs"], text)


PARTS: dict[str, Callable[[Options, Path], None]] = {"twins": measure_twins, "revision": measure_revision}

if __name__ == "__main__":
    sys.exit(main())
