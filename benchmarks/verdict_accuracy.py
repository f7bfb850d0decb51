"""Does the lab find what is planted, and nothing else? ``python benchmarks/verdicts.py``.

- same: pairs of runs of one arm, of which no more than one in twenty may show a difference.
- slower: experiments of the quick preset's size, of two arms of which one carries a tenth less (slowed_site.py).
- latency: what the round-trip budget, fitted to other latencies, takes a planted one for.
- killed: experiments whose lab is killed at a random moment, and which go on.

``--keep DIR`` keeps the results folders, and goes on where it was when it is given the same folder again; but labs are
killed anew.
"""

import json
import random
import shutil
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from locust_asyncdjango.lab.analysis.round_trips import fit_round_trips
from locust_asyncdjango.lab.commands.arguments import Parser
from locust_asyncdjango.lab.environment.process import python, running
from locust_asyncdjango.lab.errors import TrialError, UsageError
from sites.slowed_site import CARRIES
from support.harness import add_parts, run_parts

HERE = Path(__file__).resolve().parent
POSTS = "--posts=100000"
LATENCIES_MS = (0, 50, 100, 150, 200)
PLANTED_MS = 100
MOST_REPEATS = 16
SERVER = """
[server.{name}]
interface = "wsgi"
slots = 1
argv = ["{{python}}", "-P", "-m", "gunicorn", "--bind=127.0.0.1:{{port}}", "--no-control-socket", "--pythonpath={here}",
        "slowed_site:{name}"]
"""
KILLED = (
    "--routes=io_create",
    "--posts=1000",
    "--users=5",
    "--spawn-rate=5",
    "--run-time=3s",
    "--repeats=2",
    "--a-a-pairs=0",
)
PATIENCE_S = 30
"""How long what a killed lab has started may take to end."""


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked for."""

    only: tuple[str, ...]
    pairs: int
    experiments: int
    kills: int
    keep: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Prints what was found beside what is true."""
    return run_parts("verdicts", arguments, parsed, PARTS)


def parsed(arguments: Sequence[str] | None) -> Options:
    """Of the command line. Raises UsageError."""
    flags = Parser(prog="verdicts", description=__doc__)
    add_parts(flags, PARTS)
    flags.add_argument("--pairs", type=int, default=20, help="of runs of the same arm (default: %(default)s)")
    flags.add_argument("--experiments", type=int, default=10, help="with a slower arm (default: %(default)s)")
    flags.add_argument("--kills", type=int, default=10, help="of a lab (default: %(default)s)")
    options = Options(**vars(flags.parse_args(arguments)))
    if options.pairs < 3 or min(options.experiments, options.kills) < 1:
        raise UsageError("--pairs must be 3 or more, --experiments and --kills 1 or more")
    return options


def same(options: Options, folder: Path) -> None:
    """Pairs of runs of one arm."""
    arm = ("--routes=io_read", "--servers=gunicorn-sync", POSTS, "--preset=quick")
    found = experiment(folder / "same", *arm, f"--a-a-pairs={options.pairs}")
    told = [sentence for sentence in found["verdict"] if sentence.startswith(("A/A", "noise"))]
    print(f"same: {'; '.join(told)}", flush=True)


def slower(options: Options, folder: Path) -> None:
    """Experiments with a slower arm."""
    file = folder / "slower.toml"
    file.write_text(
        "".join(SERVER.format(name=name, here=HERE / "sites") for name in ("plain", "slowed")), encoding="utf-8"
    )
    ratios, right = [], 0
    for number in range(1, options.experiments + 1):
        arms = ("--routes=io_read", "--arms=plain,slowed", POSTS, "--preset=quick")
        until = (f"--repeats={MOST_REPEATS}", "--until-decided")
        found = experiment(folder / f"slower-{number}", *arms, *until, file=file)
        (difference,) = found["differences"]
        ratio = difference["ratio"] if difference["best"] == "plain" else 1 / difference["ratio"]
        is_found = difference["best"] == "plain" and difference["low"] > 1
        right += is_found
        ratios.append(ratio)
        interval = f"{difference['low']:.3f}-{difference['high']:.3f}"
        told = f"{difference['best']} carried {difference['ratio']:.3f} ({interval}) times as much as"
        print(f"  {number}: {told} {difference['other']}, {difference['pairs']} pairs", flush=True)
    told = f"{right} of {options.experiments} found; median ratio {statistics.median(ratios):.3f}"
    print(f"slower by {1 - CARRIES:.0%}: {told}, planted {1 / CARRIES:.3f}", flush=True)


def latency(_options: Options, folder: Path) -> None:
    """A planted latency, as the round trips of the others tell it."""
    for route in ("io_create", "io_read", "list_detail"):
        load = (POSTS, "--users=1", "--spawn-rate=1", "--run-time=2s")
        asked = (f"--routes={route}", "--arms=gunicorn-sync,gunicorn-uvicorn", *load)
        latencies = ",".join(map(str, LATENCIES_MS))
        experiment(folder / f"latency-{route}", *asked, f"--latency-ms={latencies}")
        for server in ("gunicorn-sync", "gunicorn-uvicorn"):
            took = {ms: alone(folder / f"latency-{route}", route, server, ms) for ms in LATENCIES_MS}
            fitted = fit_round_trips([(ms, took[ms]) for ms in LATENCIES_MS if ms != PLANTED_MS])
            if fitted is None:
                raise TrialError("there are too few latencies")
            told = f"{fitted.latency_ms(took[PLANTED_MS]):.1f} ms, planted {PLANTED_MS}"
            print(f"latency: {route} on {server}: {fitted.round_trips:.2f} round trips; {told}", flush=True)


def alone(folder: Path, route: str, server: str, latency_ms: int) -> float:
    """What a request took by itself."""
    place = f"{route}-{server}" + (f"-{latency_ms}ms" if latency_ms else "")
    result = json.loads((folder / "trials" / place / "result.json").read_text())
    return float(result["baseline"]["request_ms"])


def killed(options: Options, folder: Path) -> None:
    """Labs that are killed at random moments."""
    for former in folder.glob("killed-*/"):
        shutil.rmtree(former)
    length_s = timed(lambda: experiment(folder / "killed-0", *KILLED))
    chance, whole = random.Random(), 0  # noqa: S311
    for number in range(1, options.kills + 1):
        output = folder / f"killed-{number}"
        after_s = chance.uniform(0, length_s)
        before = killed_after(after_s, output)
        begun = (output / "experiment.json").exists()
        found = resumed(output) if begun else experiment(output, *KILLED)
        trials = {path.name: stamp(path) for path in (output / "trials").iterdir()}
        kept = all(trials.get(name) == when for name, when in before.items())
        is_whole = len(trials) == 4 and kept and all(arm["figures"] for arm in found["arms"])
        whole += is_whole
        told = f"killed after {after_s:.1f} of {length_s:.0f} s with {len(before)} trials done"
        print(f"  {number}: {told}: {'whole' if is_whole else sorted(trials)}", flush=True)
    print(
        f"killed: {whole} of {options.kills} went on to the end, no trial lost or run twice, nothing left", flush=True
    )


def killed_after(after_s: float, output: Path) -> dict[str, int]:
    """The trials that were finished when the lab was killed, and when. Raises TrialError if anything is left."""
    command = python("-m", "locust_asyncdjango.lab.cli", "run", *KILLED, f"--output={output}")
    with running(command, log=output.with_suffix(".log")) as program:
        program.wait(after_s)
        started = psutil.Process(program.pid).children(recursive=True) if program.exit_code() is None else []
        program.popen.kill()
        program.wait()
        _, left = psutil.wait_procs(started, PATIENCE_S)
    left = [process for process in left if process.status() != psutil.STATUS_ZOMBIE]
    if left:
        raise TrialError(f"a killed lab has left {left}")
    with suppress(FileNotFoundError):
        return {path.name: stamp(path) for path in (output / "trials").iterdir() if path.suffix != ".unfinished"}
    return {}


def stamp(trial: Path) -> int:
    """When its result was written."""
    return (trial / "result.json").stat().st_mtime_ns


def timed(call: Callable[[], Any]) -> float:
    """Seconds."""
    begin_s = time.monotonic()
    call()
    return time.monotonic() - begin_s


def experiment(output: Path, *flags: str, file: Path | None = None) -> Mapping[str, Any]:
    """What an experiment comes to; one that is there already goes on. Raises TrialError."""
    if (output / "experiment.json").exists():
        return resumed(output)
    shutil.rmtree(output, ignore_errors=True)
    return ended(output, "run", *([str(file)] if file else []), *flags, f"--output={output}")


def resumed(output: Path) -> Mapping[str, Any]:
    """The same of one that was stopped."""
    return ended(output, "run", f"--resume={output}")


def ended(output: Path, *arguments: str) -> Mapping[str, Any]:
    """The report of a command of the lab. Raises TrialError."""
    log = output.with_suffix(".log")
    with running(python("-m", "locust_asyncdjango.lab.cli", *arguments), log=log) as program:
        if program.wait():
            raise TrialError(f"the lab failed: {program.last_log_line()}")
    report: dict[str, Any] = json.loads((output / "report.json").read_text())
    return report


PARTS: dict[str, Callable[[Options, Path], None]] = {
    "same": same,
    "slower": slower,
    "latency": latency,
    "killed": killed,
}

if __name__ == "__main__":
    sys.exit(main())
