"""What earlier experiments on this machine have shown: how much runs of an arm differ, and what a trial takes.

It is read from the results folders beside the new one. Start reading at ``read_experience``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from math import log
from pathlib import Path
from statistics import median
from typing import Any

from locust_asyncdjango.lab.analysis.comparison.noise import Differences, estimate_noise
from locust_asyncdjango.lab.analysis.comparison.planning import run_noise_to_spread
from locust_asyncdjango.lab.errors import UsageError
from locust_asyncdjango.lab.experiment.result import Result
from locust_asyncdjango.lab.experiment.results_folder import MALFORMED, ResultsFolder
from locust_asyncdjango.lab.experiment.schedule.plan import comparisons, trials

ASSUMED_NOISE = 0.05
"""The noise of a run, as a share, where no earlier experiment shows it: usual on a machine that does nothing else."""
FEWEST_FREEDOM = 4
"""Degrees of freedom from which the noise of earlier experiments says more than what is assumed."""
OVERHEAD_S = 12.0
"""About how many seconds a trial takes besides its load: starting and stopping programs, preflight and warm-up."""
MOST_FOLDERS = 20
"""The newest folders beside the new one that are read."""
SAME_MACHINE = ("processor", "processors", "memory")
"""The properties that make a machine the same one."""


@dataclass(frozen=True, slots=True)
class Experience:
    """What to expect of trials.

    spread: the standard deviation of the difference of two runs, of logarithms. experiments: how many have shown it; 0
    if it is assumed. overhead_s: the seconds that a trial takes besides its load.
    """

    spread: float = run_noise_to_spread(ASSUMED_NOISE)
    experiments: int = 0
    overhead_s: float = OVERHEAD_S


def read_experience(results: Path, machine: Mapping[str, Any], new: Path) -> Experience:
    """Return what the experiments in the folders of ``results`` have shown on this machine.

    machine: as ``describe_machine`` returns it. new: the folder of the new experiment, which is left out. Folders that
    are damaged or from other machines are left out too.
    """
    try:
        folders = sorted((path for path in results.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    except OSError:
        return Experience()
    subjects: list[list[Differences]] = []
    overheads_s: list[float] = []
    experiments = 0
    for path in reversed(folders[-MOST_FOLDERS:]):
        with suppress(UsageError, OSError, *MALFORMED):
            if path.absolute() != new.absolute() and _is_same_machine(ResultsFolder(path), machine):
                measured, subjects_of_folder = _read_folder(ResultsFolder(path))
                overheads_s += _overheads_s(measured)
                subjects += subjects_of_folder
                experiments += any(len(pair.logs) > 1 for pairs in subjects_of_folder for pair in pairs)
    noise = estimate_noise(subjects)
    overhead_s = median(overheads_s) if overheads_s else OVERHEAD_S
    if noise is None or noise.freedom < FEWEST_FREEDOM or not noise.spread:
        return Experience(overhead_s=overhead_s)
    return Experience(noise.spread, experiments, overhead_s)


def _is_same_machine(folder: ResultsFolder, machine: Mapping[str, Any]) -> bool:
    other = folder.provenance().get("machine", {})
    return all(other.get(name) == machine.get(name) for name in SAME_MACHINE)


def _read_folder(folder: ResultsFolder) -> tuple[list[Result], list[list[Differences]]]:
    """Return the measured results of a folder, and for each subject the differences of every two of its arms."""
    experiment = folder.experiment()
    results = [result for trial in trials(experiment) if (result := folder.result(trial)) and result.figures]
    carried = {(each.trial.subject, each.trial.arm, each.trial.repeat): _log_carried(each) for each in _usable(results)}
    subjects = []
    for compared in comparisons(experiment):
        arms, subject = [trial.arm for trial in compared], compared[0].subject
        pairs = (_differences(carried, subject, pair, experiment.repeats) for pair in combinations(arms, 2))
        subjects.append([pair for pair in pairs if pair.logs])
    return results, subjects


def _differences(
    carried: Mapping[tuple[str, str, int], float], subject: str, arms: tuple[str, str], repeats: int
) -> Differences:
    keys = (((subject, arms[0], n), (subject, arms[1], n)) for n in range(1, repeats + 1))
    common = [(first, second) for first, second in keys if first in carried and second in carried]
    firsts, seconds = (tuple(carried[pair[side]] for pair in common) for side in (0, 1))
    return Differences(arms, firsts, seconds)


def _usable(results: Iterable[Result]) -> Iterator[Result]:
    return (each for each in results if not each.trial.a_a and each.figures and each.figures.goodput and _per_s(each))


def _log_carried(result: Result) -> float:
    return log(_per_s(result))


def _per_s(result: Result) -> float:
    return result.figures.goodput.per_s if result.figures and result.figures.goodput else 0.0


def _overheads_s(results: Sequence[Result]) -> list[float]:
    return [each.took_s - each.figures.length_s for each in results if each.took_s and each.figures]
