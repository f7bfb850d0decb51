"""Does the analysis find a saturation point that is known? ``python benchmarks/analysis_accuracy.py``.

Locust loads sites whose saturation point is known (sites/planted_site.py), while the users climb to about two and a
half times that point. The figures that the analysis finds in each series are compared with the truth. Several sites
run at the same time, with so few requests a second that neither the machine nor Locust saturates. ``--keep DIR`` keeps
the series; a later call with the same folder continues where the first one stopped. ``--again DIR`` analyses the
series in a folder.
"""

import re
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from locust_asyncdjango.analysis.saturation import Onset, find_saturation
from locust_asyncdjango.lab.analysis.knee import find_knee
from locust_asyncdjango.lab.commands.arguments import Parser, argument_type
from locust_asyncdjango.lab.environment.process import Program, python, raise_open_file_limit, running
from locust_asyncdjango.lab.errors import TrialError, UsageError
from locust_asyncdjango.lab.experiment.options import names, whole_numbers
from locust_asyncdjango.metrics import series_file
from locust_asyncdjango.metrics.interval import Interval
from sites.planted_site import STEEPNESS
from support.harness import run
from support.planted_sites import planted_site

HERE = Path(__file__).resolve().parent
REACHES = (2.5, 2.3, 2.7, 2.4, 2.6)
"""How many users for each slot there are at the end of the first run, the second and so on. If it were always the
same, the same second would always be the first with more users than slots."""
CLIMB_S = 40
END_DEADLINE_S = 60
"""How much longer than the climb a run may take."""
MOST_PER_S = 1500
"""The most requests a second of all sites that run at the same time, at the end of their climbs."""
FLAT_SERVICE_MS = 5
NEAR = 0.1
"""A figure is found if it is within this share of the truth."""
NAME = re.compile(r"(?P<kind>[a-z]+)-(?P<slots>\d+)-(?P<service_ms>\d+)ms-(?P<number>\d+)")


@dataclass(frozen=True, slots=True)
class PlantedRun:
    """One run against a planted site.

    kind, slots, service_ms: of the site. number: of the run against this site, from 1.
    """

    kind: str
    slots: int
    service_ms: int
    number: int

    @classmethod
    def plan(cls, kind: str, slots: int, number: int) -> Self:
        """Return a run against a site that is slower the more slots it has.

        So its rate grows less than its slots: 100 requests a second with 20 slots, 450 with 310.
        """
        service_ms = FLAT_SERVICE_MS if kind == "flat" else round(200 * (slots / 20) ** 0.45, -1)
        return cls(kind, slots, int(service_ms), number)

    @classmethod
    def parse_name(cls, name: str) -> Self | None:
        """Return the run of a series from the name of its file; None if it is not the name of one."""
        match = NAME.fullmatch(name)
        if not match or match["kind"] not in TRUTHS:
            return None
        return cls(match["kind"], int(match["slots"]), int(match["service_ms"]), int(match["number"]))

    @property
    def name(self) -> str:
        """Return the name of the series file, without its suffix."""
        return f"{self.kind}-{self.slots}-{self.service_ms}ms-{self.number}"

    @property
    def reach(self) -> float:
        """Return how many users for each slot there are at the end."""
        return REACHES[(self.number - 1) % len(REACHES)]

    @property
    def users(self) -> int:
        """Return the users at the end of the climb."""
        return round(self.reach * self.slots)

    @property
    def per_s(self) -> float:
        """Return the successful requests a second of all slots together."""
        return (1 if self.kind == "flat" else self.slots) * 1000 / self.service_ms

    @property
    def most_per_s(self) -> float:
        """Return the most requests a second, which come at the end of the climb."""
        if self.kind in ("slots", "flat"):
            return self.per_s
        slower = 1 + STEEPNESS * (self.reach - 1) if self.kind == "gradual" else 1
        return self.per_s * self.reach / slower


Truth = Callable[[PlantedRun], float]


def _slots(planted: PlantedRun) -> float:
    return planted.slots


def _first_user(_plant: PlantedRun) -> float:
    return 1


def _per_s(planted: PlantedRun) -> float:
    return planted.per_s


TRUTHS: dict[str, dict[str, Truth | None]] = {
    "slots": {"slowdown": _slots, "errors": None, "knee": _slots, "peak": _per_s},
    "fails": {"slowdown": None, "errors": _slots, "knee": _slots},
    "gradual": {"slowdown": _slots, "errors": None, "knee": _slots},
    "flat": {"slowdown": _first_user, "errors": None, "knee": None},
    "linear": {"slowdown": None, "errors": None, "knee": None},
}
"""The truth by kind of site and figure, in users or requests a second. None: there is nothing to find."""


@dataclass(frozen=True, slots=True)
class FoundFigure:
    """A figure that the analysis found, with its interval. value: None where it found none; ``why`` says why."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    why: str = ""

    def __str__(self) -> str:
        if self.value is None:
            return f"none{f' ({self.why})' if self.why else ''}"
        interval = f" ({self.low:g}..{self.high:g})" if self.low is not None and self.high is not None else ""
        return f"{self.value:.4g}{interval}"

    def is_near(self, truth: float | None) -> bool:
        """Return whether the value is the truth, or near it."""
        if truth is None or self.value is None:
            return truth is None and self.value is None
        return abs(self.value - truth) <= NEAR * truth

    def covers(self, truth: float) -> bool:
        """Return whether the interval covers the truth."""
        return self.low is not None and self.high is not None and self.low <= truth <= self.high


Figures = dict[str, FoundFigure]
"""The figures of one run by name, as in TRUTHS."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the benchmark runs, or the folder whose series it analyses."""

    runs: int
    slots: tuple[int, ...]
    kinds: tuple[str, ...]
    at_once: int
    keep: Path | None
    again: Path | None

    def __post_init__(self) -> None:
        if not 1 <= self.runs <= 1000:
            raise UsageError("--runs must be from 1 to 1000")
        if not all(2 <= slots <= 400 for slots in self.slots):
            raise UsageError("--slots must be from 2 to 400")
        if unknown := set(self.kinds) - set(TRUTHS):
            raise UsageError(f"--kinds has no {', '.join(sorted(unknown))}; choose from {', '.join(TRUTHS)}")
        if not 1 <= self.at_once <= 16:
            raise UsageError("--at-once must be from 1 to 16")
        if self.keep and self.again:
            raise UsageError("--keep and --again exclude each other")
        if self.again and not self.again.is_dir():
            raise UsageError(f"--again: there is no folder {self.again}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each run, and a table. Return the exit code."""
    return run("analysis_accuracy", arguments, parse, measure)


def parse(arguments: Sequence[str] | None) -> Options:
    """Return the options of a command line. Raise UsageError."""
    parser = Parser(prog="analysis_accuracy", description="Does the analysis find a saturation point that is known?")
    parser.add_argument("--runs", type=int, default=10, help="runs against each site (default: %(default)s)")
    parser.add_argument(
        "--slots", type=argument_type(whole_numbers), default=(20, 50, 130, 310), help="default: 20,50,130,310"
    )
    parser.add_argument("--kinds", type=names, default=tuple(TRUTHS), help=f"default: {','.join(TRUTHS)}")
    parser.add_argument(
        "--at-once", type=int, default=4, help="the most sites that run at the same time (default: %(default)s)"
    )
    parser.add_argument(
        "--keep",
        type=Path,
        metavar="DIR",
        help="keep the series in this folder; a series in it is not measured again",
    )
    parser.add_argument("--again", type=Path, metavar="DIR", help="measure nothing: analyse the series in this folder")
    return Options(**vars(parser.parse_args(arguments)))


def measure(options: Options, folder: Path) -> None:
    """Measure, and print what the analysis finds. Raise TrialError."""
    results: dict[PlantedRun, Figures] = {}
    for planted, file in kept_series(options.again) if options.again else measured_series(options, folder):
        results[planted] = find_figures(series_file.read(file).intervals)
        print(result_line(planted, results[planted]), flush=True)
    print(result_table(results))


def kept_series(folder: Path) -> list[tuple[PlantedRun, Path]]:
    """Return the series in a folder. Raise UsageError if it has none."""
    files = [(PlantedRun.parse_name(file.stem), file) for file in folder.glob("*.jsonl")]
    runs = [(planted, file) for planted, file in files if planted]
    if not runs:
        raise UsageError(f"{folder} has no series of planted sites; make them with --keep")
    return sorted(runs, key=lambda each: (*_in_order((each[0].kind, each[0].slots)), each[0].number))


def _in_order(site: tuple[str, int]) -> tuple[int, int]:
    kind, slots = site
    return list(TRUTHS).index(kind), slots


def measured_series(options: Options, folder: Path) -> Iterator[tuple[PlantedRun, Path]]:
    """Yield each series as soon as it is complete. Raise TrialError."""
    raise_open_file_limit()
    results = options.keep or folder / "results"
    results.mkdir(parents=True, exist_ok=True)
    for number in range(1, options.runs + 1):
        for kind in options.kinds:
            for runs in batches([PlantedRun.plan(kind, slots, number) for slots in options.slots], options.at_once):
                load([planted for planted in runs if not _file(results, planted).exists()], folder, results)
                yield from ((planted, _file(results, planted)) for planted in runs)


def _file(folder: Path, planted: PlantedRun) -> Path:
    return folder / f"{planted.name}.jsonl"


def batches(runs: Sequence[PlantedRun], at_once: int) -> list[list[PlantedRun]]:
    """Return groups of runs that go on together: each is in the first group with room for it, the busiest first."""
    groups: list[list[PlantedRun]] = []
    for planted in sorted(runs, key=lambda planted: -planted.most_per_s):
        for batch in groups:
            busy = sum(each.most_per_s for each in batch)
            if len(batch) < at_once and busy + planted.most_per_s <= MOST_PER_S:
                batch.append(planted)
                break
        else:
            groups.append([planted])
    return groups


def load(runs: Sequence[PlantedRun], folder: Path, results: Path) -> None:
    """Load sites at the same time, and move their series to the results once they are complete. Raise TrialError."""
    with ExitStack() as stack:
        urls = [stack.enter_context(_site(planted, folder)) for planted in runs]
        programs = [start_locust(planted, url, folder, stack) for planted, url in zip(runs, urls, strict=True)]
        for planted, program in zip(runs, programs, strict=True):
            if program.wait(CLIMB_S + END_DEADLINE_S) != 0:
                raise TrialError(f"{planted.name} did not end in time: {program.last_log_line()}")
    for planted in runs:
        shutil.move(_file(folder, planted), _file(results, planted))


def _site(planted: PlantedRun, folder: Path) -> AbstractContextManager[str]:
    return planted_site(planted.kind, planted.slots, planted.service_ms, folder / f"{planted.name}-site.log")


def start_locust(planted: PlantedRun, url: str, folder: Path, stack: ExitStack) -> Program:
    """Start a Locust whose users climb. It is stopped with the stack."""
    flags = ["--headless", "--only-summary", "--exit-code-on-error", "0", "--host", url]
    flags += ["--shape", f"Stages:plan={CLIMB_S}s:{planted.users}"]
    users = str(HERE / "users" / "planted_users.py")
    argv = python("-m", "locust", "-f", users, *flags, "--series", str(_file(folder, planted)))
    return stack.enter_context(running(argv, log=folder / f"{planted.name}-locust.log"))


def find_figures(intervals: Sequence[Interval]) -> Figures:
    """Return what the analysis finds in a series."""
    saturation = find_saturation(intervals)
    knee = find_knee(intervals)
    return {
        "slowdown": _onset(saturation.slowdown),
        "errors": _onset(saturation.errors),
        "peak": FoundFigure(saturation.peak_per_s, *saturation.peak_range),
        "knee": FoundFigure(knee.users, knee.low, knee.high, knee.why),
    }


def _onset(onset: Onset | None) -> FoundFigure:
    """Return an onset. "Already queued at the lowest load" says that it lies there or below: that is its low end."""
    if onset is None:
        return FoundFigure()
    return FoundFigure(onset.low if onset.is_queued_from_start else onset.users, onset.low, onset.high)


def result_line(planted: PlantedRun, figures: Figures) -> str:
    """Return what the analysis found in a run, and where it missed the truth."""
    texts = []
    for name, truth_of in TRUTHS[planted.kind].items():
        truth = truth_of(planted) if truth_of else None
        missed = not figures[name].is_near(truth) or (truth is not None and not figures[name].covers(truth))
        texts.append(f"{name} {figures[name]}{' MISSED' if missed else ''}")
    return f"{planted.name}: {'; '.join(texts)}"


def result_table(results: dict[PlantedRun, Figures]) -> str:
    """Return a table: in how many runs each figure was near the truth, and its interval covered it."""
    lines = [f"{'kind':9}{'slots':>6} {'figure':9}{'truth':>8}{'within 10 %':>13}{'covered':>9}{'median found':>14}"]
    for kind, slots in sorted({(planted.kind, planted.slots) for planted in results}, key=_in_order):
        runs = {planted: each for planted, each in results.items() if (planted.kind, planted.slots) == (kind, slots)}
        for name in TRUTHS[kind]:
            row = _row(TRUTHS[kind][name], {planted: each[name] for planted, each in runs.items()})
            lines.append(f"{kind:9}{slots:6} {name:9}{row}")
    return "\n".join(lines)


def _row(truth_of: Truth | None, figures: dict[PlantedRun, FoundFigure]) -> str:
    compared = [(each, truth_of(planted) if truth_of else None) for planted, each in figures.items()]
    truth = compared[0][1]
    near = sum(each.is_near(true) for each, true in compared)
    covered = sum(each.covers(true) for each, true in compared if true is not None)
    values = [each.value for each, _ in compared if each.value is not None]
    counts = f"{'none' if truth is None else f'{truth:.4g}':>8}{f'{near}/{len(compared)}':>13}"
    counts += f"{'-' if truth is None else f'{covered}/{len(compared)}':>9}"
    return f"{counts}{f'{statistics.median(values):.4g}' if values else 'none':>14}"


if __name__ == "__main__":
    sys.exit(main())
