"""Does the lab detect planted differences, and nothing else? ``python benchmarks/verdict_accuracy.py``.

- same: pairs of runs of one arm, of which no more than one in twenty may show a difference.
- slower: experiments of the quick preset's size, with two arms of which one carries a tenth less (slowed_site.py).
- latency: what round trips, fitted to other latencies, say about a planted latency.
- killed: experiments whose lab is killed at a random moment, and which go on.

``--simulated`` starts no servers: it feeds simulated runs, whose truth is known, to the project's own functions, and
prints a table of how often these are right (simulated/). ``--times N`` is the number of experiments for each line, and
``--simulations plateau,onsets`` runs these only.

``--keep DIR`` keeps the results folders. Given the same folder again, the benchmark goes on where it was; only the part
"killed" starts anew.
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
from locust_asyncdjango.lab.experiment.options import names
from locust_asyncdjango.lab.experiment.result import Result
from simulated import breakpoint as breakpoint_search
from simulated import capacity, compare, experiments, onsets, open_model, plateau, request_mix
from simulated.goals import Simulation, print_table
from sites.slowed_site import CARRIED_SHARE
from support.harness import add_parts, run_parts

HERE = Path(__file__).resolve().parent
POSTS = "--posts=100000"
LATENCIES_MS = (0, 50, 100, 150, 200)
PLANTED_MS = 100
MAX_REPEATS = 16
SERVER = """
[server.{name}]
interface = "wsgi"
slots = 1
argv = ["{{python}}", "-P", "-m", "gunicorn", "--bind=127.0.0.1:{{port}}", "--no-control-socket", "--pythonpath={here}",
        "slowed_site:{name}"]
"""
KILLED_EXPERIMENT = (
    "--routes=io_create",
    "--posts=1000",
    "--users=5",
    "--spawn-rate=5",
    "--run-time=3s",
    "--repeats=2",
    "--a-a-pairs=0",
)
END_DEADLINE_S = 30
"""How long the programs that a killed lab has started may take to end."""


@dataclass(frozen=True, slots=True)
class VerdictOptions:
    """The options of this benchmark: the parts to run, and how often each is repeated."""

    only: tuple[str, ...]
    pairs: int
    experiments: int
    kills: int
    times: int
    simulations: tuple[str, ...]
    keep: Path | None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts, print each result beside the truth, and return the exit code."""
    return run_parts("verdict_accuracy", arguments, parse_options, PARTS)


def parse_options(arguments: Sequence[str] | None) -> VerdictOptions:
    """Return the options of a command line. Raise UsageError."""
    flags = Parser(prog="verdict_accuracy", description=__doc__)
    add_parts(flags, PARTS)
    flags.add_argument("--pairs", type=int, default=20, help="pairs of runs of the same arm (default: %(default)s)")
    flags.add_argument(
        "--experiments", type=int, default=10, help="experiments with a slower arm (default: %(default)s)"
    )
    flags.add_argument("--kills", type=int, default=10, help="labs to kill (default: %(default)s)")
    flags.set_defaults(only=tuple(part for part in PARTS if part != SIMULATED))
    flags.add_argument(
        "--simulated", action="store_const", dest="only", const=(SIMULATED,), help=f"the same as --only {SIMULATED}"
    )
    flags.add_argument(
        "--times", type=int, default=400, help="simulated experiments for each line (default: %(default)s)"
    )
    flags.add_argument(
        "--simulations",
        type=names,
        default=tuple(SIMULATIONS),
        help=f"what to simulate, of {','.join(SIMULATIONS)} (default: all)",
    )
    options = VerdictOptions(**vars(flags.parse_args(arguments)))
    if unknown := set(options.simulations) - SIMULATIONS.keys():
        raise UsageError(f"--simulations {unknown.pop()}: choose from {', '.join(SIMULATIONS)}")
    if options.pairs < 3 or min(options.experiments, options.kills, options.times) < 1:
        raise UsageError("--pairs must be 3 or more, --experiments, --kills and --times 1 or more")
    return options


def measure_simulated(options: VerdictOptions, _folder: Path) -> None:
    """Run the simulations, and print the table of their goals."""
    print_table([SIMULATIONS[name] for name in options.simulations], options.times)


def measure_same_arm(options: VerdictOptions, folder: Path) -> None:
    """Run pairs of one arm, and print how many show a difference."""
    arm = ("--routes=io_read", "--servers=gunicorn-sync", POSTS, "--preset=quick")
    report = run_experiment(folder / "same", *arm, f"--a-a-pairs={options.pairs}")
    sentences = [sentence for sentence in report["verdict"] if sentence.startswith(("A/A", "noise"))]
    print(f"same: {'; '.join(sentences)}", flush=True)


def measure_slower_arm(options: VerdictOptions, folder: Path) -> None:
    """Run experiments with a slower arm, and print how many detect it, and with which ratios."""
    file = folder / "slower.toml"
    servers = "".join(SERVER.format(name=name, here=HERE / "sites") for name in ("plain", "slowed"))
    file.write_text(servers, encoding="utf-8")
    # What is planted is a share of the goodput. So the objective is one that both arms keep, and goodput decides.
    arms = ("--routes=io_read", "--arms=plain,slowed", POSTS, "--preset=quick", "--objective=failures<=1%")
    repeats = (f"--repeats={MAX_REPEATS}", "--until-decided")
    ratios, detected = [], 0
    for number in range(1, options.experiments + 1):
        report = run_experiment(folder / f"slower-{number}", *arms, *repeats, file=file)
        if not report["differences"]:
            print(f"  {number}: {report['verdict'][0]}", flush=True)
            continue
        (difference,) = report["differences"]
        is_right = difference["best"] == "plain"
        detected += is_right and difference["low"] > 1
        ratios.append(difference["ratio"] if is_right else 1 / difference["ratio"])
        interval = f"{difference['low']:.3f}-{difference['high']:.3f}"
        carried = f"{difference['best']} carried {difference['ratio']:.3f} ({interval}) times as much as"
        print(f"  {number}: {carried} {difference['other']}, {difference['pairs']} pairs", flush=True)
    median = f"{statistics.median(ratios):.3f}" if ratios else "unknown"
    result = f"detected in {detected} of {options.experiments}; median ratio {median}"
    print(f"slower by {1 - CARRIED_SHARE:.0%}: {result}, planted {1 / CARRIED_SHARE:.3f}", flush=True)


def measure_latency(_options: VerdictOptions, folder: Path) -> None:
    """Derive a planted latency from round trips that are fitted to other latencies, and print it."""
    for route in ("io_create", "io_read", "list_detail"):
        load = (POSTS, "--users=1", "--spawn-rate=1", "--run-time=2s")
        latencies = ",".join(map(str, LATENCIES_MS))
        arms = (f"--routes={route}", "--arms=gunicorn-sync,gunicorn-uvicorn", f"--latency-ms={latencies}")
        run_experiment(folder / f"latency-{route}", *arms, *load)
        for server in ("gunicorn-sync", "gunicorn-uvicorn"):
            unloaded_ms = {ms: read_unloaded_ms(folder / f"latency-{route}", route, server, ms) for ms in LATENCIES_MS}
            fit = fit_round_trips([(ms, unloaded_ms[ms]) for ms in LATENCIES_MS if ms != PLANTED_MS])
            if fit is None:
                raise TrialError("there are too few latencies")
            latency = f"{fit.latency_ms(unloaded_ms[PLANTED_MS]):.1f} ms, planted {PLANTED_MS}"
            print(f"latency: {route} on {server}: {fit.round_trips:.2f} round trips; {latency}", flush=True)


def read_unloaded_ms(folder: Path, route: str, server: str, latency_ms: int) -> float:
    """Return the unloaded latency of a trial in a results folder, in milliseconds."""
    trial = f"{route}-{server}" + (f"-{latency_ms}ms" if latency_ms else "")
    result = Result.from_json(json.loads((folder / "trials" / trial / "result.json").read_text()))
    if result.baseline is None:
        raise TrialError(f"{trial} has no unloaded latency")
    return result.baseline.request_ms


def measure_killed_labs(options: VerdictOptions, folder: Path) -> None:
    """Kill labs at random moments, let them go on, and print how many lost nothing."""
    for former in folder.glob("killed-*/"):
        shutil.rmtree(former)
    length_s = measure_seconds(lambda: run_experiment(folder / "killed-0", *KILLED_EXPERIMENT))
    chance, complete = random.Random(), 0  # noqa: S311
    for number in range(1, options.kills + 1):
        output = folder / f"killed-{number}"
        after_s = chance.uniform(0, length_s)
        before = kill_lab(after_s, output)
        report = run_experiment(output, *KILLED_EXPERIMENT)
        trials = {path.name: result_time(path) for path in (output / "trials").iterdir()}
        is_kept = all(trials.get(name) == time_ns for name, time_ns in before.items())
        is_complete = len(trials) == 4 and is_kept and all(arm["figures"] for arm in report["arms"])
        complete += is_complete
        killed = f"killed after {after_s:.1f} of {length_s:.0f} s with {len(before)} trials done"
        print(f"  {number}: {killed}: {'complete' if is_complete else sorted(trials)}", flush=True)
    result = f"{complete} of {options.kills} went on to the end"
    print(f"killed: {result}, no trial lost or run twice, nothing left running", flush=True)


def kill_lab(after_s: float, output: Path) -> dict[str, int]:
    """Kill a lab after some seconds, and return the trials that it had finished and when, as ``result_time`` does.

    Raise TrialError if one of its programs still runs.
    """
    command = python("-m", "locust_asyncdjango.lab.cli", "run", *KILLED_EXPERIMENT, f"--output={output}")
    with running(command, log=output.with_suffix(".log")) as program:
        program.wait(after_s)
        started = psutil.Process(program.pid).children(recursive=True) if program.exit_code() is None else []
        program.popen.kill()
        program.wait()
        _, remaining = psutil.wait_procs(started, END_DEADLINE_S)
    if remaining := [process for process in remaining if process.status() != psutil.STATUS_ZOMBIE]:
        raise TrialError(f"a killed lab has left {remaining}")
    with suppress(FileNotFoundError):
        finished = [path for path in (output / "trials").iterdir() if path.suffix != ".unfinished"]
        return {path.name: result_time(path) for path in finished}
    return {}


def result_time(trial: Path) -> int:
    """Return when the result of a trial was written, in nanoseconds."""
    return (trial / "result.json").stat().st_mtime_ns


def measure_seconds(call: Callable[[], Any]) -> float:
    """Return how long a call takes, in seconds."""
    begin_s = time.monotonic()
    call()
    return time.monotonic() - begin_s


def run_experiment(output: Path, *flags: str, file: Path | None = None) -> Mapping[str, Any]:
    """Run an experiment, or go on with it if its folder exists, and return its report. Raise TrialError."""
    if (output / "experiment.json").exists():
        return run_lab(output, "run", f"--resume={output}")
    shutil.rmtree(output, ignore_errors=True)
    return run_lab(output, "run", *([str(file)] if file else []), *flags, f"--output={output}")


def run_lab(output: Path, *arguments: str) -> Mapping[str, Any]:
    """Run a command of the lab, and return the report that it leaves in the folder. Raise TrialError."""
    log = output.with_suffix(".log")
    with running(python("-m", "locust_asyncdjango.lab.cli", *arguments), log=log) as program:
        if program.wait():
            raise TrialError(f"the lab failed: {program.last_log_line()}")
    report: dict[str, Any] = json.loads((output / "report.json").read_text())
    return report


SIMULATIONS: dict[str, Simulation] = {
    "onsets": onsets.simulate,
    "experiments": experiments.simulate,
    "capacity": capacity.simulate,
    "compare": compare.simulate,
    "breakpoint": breakpoint_search.simulate,
    "open_model": open_model.simulate,
    "request_mix": request_mix.simulate,
    "plateau": plateau.simulate,
}
"""What --simulated runs, in this order."""
SIMULATED = "simulated"

PARTS: dict[str, Callable[[VerdictOptions, Path], None]] = {
    "same": measure_same_arm,
    "slower": measure_slower_arm,
    "latency": measure_latency,
    "killed": measure_killed_labs,
    SIMULATED: measure_simulated,
}

if __name__ == "__main__":
    sys.exit(main())
