"""Does the analysis find what is known to be there? ``python benchmarks/planted.py``.

Sites whose saturation point is planted (planted_site.py) are loaded by Locust while users climb to about two and a half
times that point; the figures that the analysis finds in each series are held against the truth.
Several sites run beside each other, so few requests a second that neither they nor Locust are what saturates.
``--keep DIR`` keeps the series, and goes on where it was when it is given the same folder again; ``--again DIR``
analyses what was kept.
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
from support.planted_sites import planted

HERE = Path(__file__).resolve().parent
REACHES = (2.5, 2.3, 2.7, 2.4, 2.6)
"""Times the slots: the users at the end, of the first run and so on. Were it always the same, the same second would
always be the first with more users than slots, and as far beyond them."""
CLIMB_S = 40
PATIENCE_S = 60
"""How much longer than the climb a run may take."""
MOST_PER_S = 1500
"""Requests of all sites that run beside each other, at the end of their climbs."""
FLAT_SERVICE_MS = 5
NEAR = 0.1
"""Of the truth: what counts as found."""
NAME = re.compile(r"(?P<kind>[a-z]+)-(?P<slots>\d+)-(?P<service_ms>\d+)ms-(?P<number>\d+)")


@dataclass(frozen=True, slots=True)
class Plant:
    """A site that is loaded once. number: of its run, from 1."""

    kind: str
    slots: int
    service_ms: int
    number: int

    @classmethod
    def of(cls, kind: str, slots: int, number: int) -> Self:
        """The more slots, the slower, so that the rate grows less than they do: 100 requests/s by 20, 450 by 310."""
        service_ms = FLAT_SERVICE_MS if kind == "flat" else round(200 * (slots / 20) ** 0.45, -1)
        return cls(kind, slots, int(service_ms), number)

    @classmethod
    def named(cls, name: str) -> Self | None:
        """From the name of its series; None where it is none."""
        found = NAME.fullmatch(name)
        if not found or found["kind"] not in TRUTHS:
            return None
        return cls(found["kind"], int(found["slots"]), int(found["service_ms"]), int(found["number"]))

    @property
    def name(self) -> str:
        """Of its series, without the suffix."""
        return f"{self.kind}-{self.slots}-{self.service_ms}ms-{self.number}"

    @property
    def reach(self) -> float:
        """One of REACHES."""
        return REACHES[(self.number - 1) % len(REACHES)]

    @property
    def users(self) -> int:
        """At the end of the climb."""
        return round(self.reach * self.slots)

    @property
    def per_s(self) -> float:
        """Successes that all slots together make in a second."""
        return (1 if self.kind == "flat" else self.slots) * 1000 / self.service_ms

    @property
    def most_per_s(self) -> float:
        """Requests a second at the end of the climb, at most."""
        if self.kind in ("slots", "flat"):
            return self.per_s
        slower = 1 + STEEPNESS * (self.reach - 1) if self.kind == "gradual" else 1
        return self.per_s * self.reach / slower


Truth = Callable[[Plant], float]


def _slots(plant: Plant) -> float:
    return plant.slots


def _first_user(_plant: Plant) -> float:
    return 1


def _per_s(plant: Plant) -> float:
    return plant.per_s


TRUTHS: dict[str, dict[str, Truth | None]] = {
    "slots": {"slowdown": _slots, "errors": None, "knee": _slots, "peak": _per_s},
    "fails": {"slowdown": None, "errors": _slots, "knee": _slots},
    "gradual": {"slowdown": _slots, "errors": None, "knee": _slots},
    "flat": {"slowdown": _first_user, "errors": None, "knee": None},
    "linear": {"slowdown": None, "errors": None, "knee": None},
}
"""By kind and figure, in users or requests per second; None: there is nothing to be found."""


@dataclass(frozen=True, slots=True)
class Found:
    """A figure and its interval; no value where there is none, and why."""

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
        """Whether it is the truth, or nearly."""
        if truth is None or self.value is None:
            return truth is None and self.value is None
        return abs(self.value - truth) <= NEAR * truth

    def covers(self, truth: float) -> bool:
        """Whether its interval does."""
        return self.low is not None and self.high is not None and self.low <= truth <= self.high


Figures = dict[str, Found]
"""By name, as in TRUTHS."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is run, or the folder that is read again."""

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
    """Prints a line for each run, and a table."""
    return run("planted", arguments, parse, measure)


def parse(arguments: Sequence[str] | None) -> Options:
    """Raises UsageError."""
    parser = Parser(prog="planted", description="Does the analysis find what is known to be there?")
    parser.add_argument("--runs", type=int, default=10, help="of each site (default: %(default)s)")
    parser.add_argument(
        "--slots", type=argument_type(whole_numbers), default=(20, 50, 130, 310), help="default: 20,50,130,310"
    )
    parser.add_argument("--kinds", type=names, default=tuple(TRUTHS), help=f"default: {','.join(TRUTHS)}")
    parser.add_argument(
        "--at-once", type=int, default=4, help="sites beside each other, at most (default: %(default)s)"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep the series there; what is there is not run again"
    )
    parser.add_argument("--again", type=Path, metavar="DIR", help="run nothing: analyse what was kept there")
    return Options(**vars(parser.parse_args(arguments)))


def measure(options: Options, folder: Path) -> None:
    """Runs what is asked for and prints what is found. Raises TrialError."""
    found: dict[Plant, Figures] = {}
    for plant, file in kept(options.again) if options.again else ran(options, folder):
        found[plant] = figures(series_file.read(file).intervals)
        print(line(plant, found[plant]), flush=True)
    print(table(found))


def kept(folder: Path) -> list[tuple[Plant, Path]]:
    """The series of a folder. Raises UsageError where it has none."""
    named = [(Plant.named(file.stem), file) for file in folder.glob("*.jsonl")]
    plants = [(plant, file) for plant, file in named if plant]
    if not plants:
        raise UsageError(f"{folder} has no series of planted sites; make them with --keep")
    return sorted(plants, key=lambda each: (*_in_order((each[0].kind, each[0].slots)), each[0].number))


def _in_order(site: tuple[str, int]) -> tuple[int, int]:
    kind, slots = site
    return list(TRUTHS).index(kind), slots


def ran(options: Options, folder: Path) -> Iterator[tuple[Plant, Path]]:
    """Each series as soon as it is there. Raises TrialError."""
    raise_open_file_limit()
    results = options.keep or folder / "results"
    results.mkdir(parents=True, exist_ok=True)
    for number in range(1, options.runs + 1):
        for kind in options.kinds:
            for plants in batches([Plant.of(kind, slots, number) for slots in options.slots], options.at_once):
                load([plant for plant in plants if not _file(results, plant).exists()], folder, results)
                yield from ((plant, _file(results, plant)) for plant in plants)


def _file(folder: Path, plant: Plant) -> Path:
    return folder / f"{plant.name}.jsonl"


def batches(plants: Sequence[Plant], at_once: int) -> list[list[Plant]]:
    """Those that run beside each other: each in the first batch that has room for its requests, the busiest first."""
    made: list[list[Plant]] = []
    for plant in sorted(plants, key=lambda plant: -plant.most_per_s):
        for batch in made:
            busy = sum(each.most_per_s for each in batch)
            if len(batch) < at_once and busy + plant.most_per_s <= MOST_PER_S:
                batch.append(plant)
                break
        else:
            made.append([plant])
    return made


def load(plants: Sequence[Plant], folder: Path, results: Path) -> None:
    """Runs sites beside each other, and puts their series among the results once they are whole. Raises TrialError."""
    with ExitStack() as stack:
        urls = [stack.enter_context(_site(plant, folder)) for plant in plants]
        programs = [attacked(plant, url, folder, stack) for plant, url in zip(plants, urls, strict=True)]
        for plant, program in zip(plants, programs, strict=True):
            if program.wait(CLIMB_S + PATIENCE_S) != 0:
                raise TrialError(f"{plant.name} did not come to its end: {program.last_log_line()}")
    for plant in plants:
        shutil.move(_file(folder, plant), _file(results, plant))


def _site(plant: Plant, folder: Path) -> AbstractContextManager[str]:
    return planted(plant.kind, plant.slots, plant.service_ms, folder / f"{plant.name}-site.log")


def attacked(plant: Plant, url: str, folder: Path, stack: ExitStack) -> Program:
    """A Locust that climbs, and is stopped with the stack."""
    flags = ["--headless", "--only-summary", "--exit-code-on-error", "0", "--host", url]
    flags += ["--shape", f"Stages:plan={CLIMB_S}s:{plant.users}"]
    users = str(HERE / "users" / "planted_users.py")
    argv = python("-m", "locust", "-f", users, *flags, "--series", str(_file(folder, plant)))
    return stack.enter_context(running(argv, log=folder / f"{plant.name}-locust.log"))


def figures(seconds: Sequence[Interval]) -> Figures:
    """What the analysis finds."""
    of_run = find_saturation(seconds)
    knee = find_knee(seconds)
    return {
        "slowdown": _onset(of_run.slowdown),
        "errors": _onset(of_run.errors),
        "peak": Found(of_run.peak_per_s, *of_run.peak_range),
        "knee": Found(knee.users, knee.low, knee.high, knee.why),
    }


def _onset(onset: Onset | None) -> Found:
    return Found(onset.users, onset.low, onset.high) if onset else Found()


def line(plant: Plant, found: Figures) -> str:
    """What was found in a run, and where it is not the truth."""
    said = []
    for name, truth_of in TRUTHS[plant.kind].items():
        truth = truth_of(plant) if truth_of else None
        missed = not found[name].is_near(truth) or (truth is not None and not found[name].covers(truth))
        said.append(f"{name} {found[name]}{' MISSED' if missed else ''}")
    return f"{plant.name}: {'; '.join(said)}"


def table(found: dict[Plant, Figures]) -> str:
    """By kind, slots and figure: in how many runs it was near the truth, and covered by its interval."""
    lines = [f"{'kind':9}{'slots':>6} {'figure':9}{'truth':>8}{'within 10 %':>13}{'covered':>9}{'median found':>14}"]
    for kind, slots in sorted({(plant.kind, plant.slots) for plant in found}, key=_in_order):
        runs = {plant: each for plant, each in found.items() if (plant.kind, plant.slots) == (kind, slots)}
        for name in TRUTHS[kind]:
            row = _row(TRUTHS[kind][name], {plant: each[name] for plant, each in runs.items()})
            lines.append(f"{kind:9}{slots:6} {name:9}{row}")
    return "\n".join(lines)


def _row(truth_of: Truth | None, found: dict[Plant, Found]) -> str:
    held = [(each, truth_of(plant) if truth_of else None) for plant, each in found.items()]
    truth = held[0][1]
    near = sum(each.is_near(true) for each, true in held)
    covered = sum(each.covers(true) for each, true in held if true is not None)
    values = [each.value for each, _ in held if each.value is not None]
    said = f"{'none' if truth is None else f'{truth:.4g}':>8}{f'{near}/{len(held)}':>13}"
    said += f"{'-' if truth is None else f'{covered}/{len(held)}':>9}"
    return f"{said}{f'{statistics.median(values):.4g}' if values else 'none':>14}"


if __name__ == "__main__":
    sys.exit(main())
